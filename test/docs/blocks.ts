import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../eulab.ts';

/** A fenced block of a document. */
export interface Block {
  /** The document and the line of the fence, as docs/tutorial.md:12. */
  readonly place: string;
  /** The first word behind the fence, such as sh, console or toml; empty where there is none. */
  readonly language: string;
  /** What is done with it; undefined where nobody said. */
  readonly mark: Mark | undefined;
  readonly text: string;
}

/**
 * `run` or `run=42`: it is run, and the last command ends with that status; `whole`, `whole=42`: the same, where minutes do not count;
 * `not=REASON`: why not; `file=PATH`: it is that file.
 */
export type Mark =
  | { readonly kind: 'run' | 'whole'; readonly status: number }
  | { readonly kind: 'not'; readonly reason: string }
  | { readonly kind: 'file'; readonly path: string };

/** Why a block is not run. */
export const reasons: Readonly<Record<string, string>> = {
  root: 'it needs root',
  network: 'it needs the network',
  minutes: 'the compiler takes minutes',
  keys: 'it waits for keys',
  yours: 'it names what only the reader has',
  measured: 'it shows what was measured on one machine',
};

/** The documents, by their paths in the checkout: README.md, and docs/ but for what is generated. */
export function documents(): string[] {
  const all = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', ...all.sort().map((name) => `docs/${name}`)];
}

/** The text of a document. */
export function text(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

/** The fenced blocks of a document, in order. Pure. @throws Error for a fence that is not closed, and a mark that is none. */
export function blocks(document: string, markdown: string): Block[] {
  const found: Block[] = [];
  let open: { readonly fence: string; readonly info: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, fence = '', info = ''] = /^\s*(```+)(.*)$/.exec(line) ?? [];
    if (open !== undefined && fence === open.fence && info === '') {
      found.push(block(`${document}:${open.line}`, open.info, open.lines));
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (fence !== '') open = { fence, info, line: index + 1, lines: [] };
  }
  if (open !== undefined) throw new Error(`${document}:${open.line}: the block is not closed`);
  return found;
}

function block(place: string, info: string, lines: readonly string[]): Block {
  const [language = '', ...words] = info.trim().split(/\s+/);
  const [word, ...more] = words;
  if (more.length > 0) throw new Error(`${place}: ${info.trim()} has more than one mark`);
  return {
    place,
    language,
    mark: word === undefined ? undefined : mark(place, word),
    text: lines.map((one) => `${one}\n`).join(''),
  };
}

function mark(place: string, word: string): Mark {
  const [, name, value = ''] = /^(run|whole|not|file)(?:=(.+))?$/.exec(word) ?? [];
  if ((name === 'run' || name === 'whole') && /^\d*$/.test(value)) return { kind: name, status: Number(value) };
  if (name === 'not' && Object.hasOwn(reasons, value)) return { kind: 'not', reason: value };
  if (name === 'file' && value !== '' && !value.startsWith('/') && !value.includes('..')) return { kind: 'file', path: value };
  throw new Error(
    `${place}: ${word} is no mark: run, run=STATUS, whole, whole=STATUS, file=PATH, not=${Object.keys(reasons).join('|')}`,
  );
}

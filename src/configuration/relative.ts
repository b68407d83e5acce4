import type { Setting } from './setting.ts';
import { placeholder } from './setting.ts';

/** A folder, and what `~` stands for. */
export interface Base {
  readonly folder: string;
  readonly home: string;
}

/** How each kind of text is read; what is not here is no path. */
const kinds: Readonly<Record<string, (text: string, base: Base) => string>> = {
  file: path,
  path,
  folder: (text, base) => (text === 'none' ? text : path(text, base)),
  program: named,
  disk: named,
  kernel: named,
  package: named,
  module: named,
  source: (text, base) => (isSource(text) ? path(text, base) : text),
  'src[:dst]': inFields,
  net: (text, base) =>
    text.replaceAll(
      /(,(?:lab-)?pcap=)((?:,,|[^,])+)/g,
      (_, key: string, file: string) => key + path(file, base).replaceAll(/(?<!,),(?!,)/g, ',,'),
    ),
};

/** Folders with more behind a colon, and folders of the guest's. */
const byKey: typeof kinds = { share: inFields, workdir: (text) => text };

/**
 * A text of a file of settings, whose paths are relative to that file, as the command line would have it. A `~/` at its beginning
 * is the user's home. Pure.
 */
export function rebased(setting: Setting, text: string, base: Base): string {
  const kind = byKey[setting.key] ?? kinds[placeholder(setting.option)];
  return kind === undefined ? text : kind(text, base);
}

// Not joined: what leads elsewhere is still to be seen.
function path(text: string, { folder, home }: Base): string {
  if (text.startsWith('~/')) return `${home}${text.slice(1)}`;
  return text === '' || text.startsWith('/') ? text : `${folder}/${text.replace(/^\.\//, '')}`;
}

/** A name is none, a path has a slash in its first word. */
function named(text: string, base: Base): string {
  return /^\S*\//.test(text) ? path(text, base) : text;
}

/** The first of what colons divide, where a backslash takes them as they are. */
function inFields(text: string, { folder, home }: Base): string {
  const plain = (word: string) => word.replaceAll(/[:\\]/g, '\\$&');
  return path(text, { folder: plain(folder), home: plain(home) });
}

function isSource(text: string): boolean {
  if (/^(git\+|[a-z]+:\/\/)/.test(text) || /^\S+@\S+:/.test(text)) return false;
  return text.includes('/') || /^\.\.?$|\.(tar|tar\.\w+|tgz|txz|tbz2?|tzst)$/.test(text);
}

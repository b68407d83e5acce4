import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EulabError, isErrno } from '../../errors.ts';
import type { Expression, Variables } from './expression.ts';
import { type Entry, type If, type Node, parse } from './parse.ts';

/** One place that defines a symbol, with all that the blocks around it ask for. */
export interface Definition {
  readonly entry: Entry;
  /** All must hold, or the symbol is n. */
  readonly depends: readonly Expression[];
  /** All must hold, or the user is not asked. */
  readonly visible: readonly Expression[];
  /** The symbols of the choice it belongs to, itself among them. */
  readonly choice: readonly string[] | undefined;
}

/** What a kernel's Kconfig files say about its symbols, for one architecture. */
export interface Tree {
  /** Such as "6.1", from the Makefile. */
  readonly version: string;
  readonly symbols: ReadonlyMap<string, readonly Definition[]>;
  /** For each symbol those that select it. */
  readonly selectors: ReadonlyMap<string, readonly If<{ readonly by: string }>[]>;
}

/**
 * Reads the Kconfig files of a kernel source, from the top one along its `source` lines; some 1500, in about a second.
 *
 * @throws EulabError when the folder has no Kconfig file.
 */
export async function readTree(folder: string, variables: Variables = { ARCH: 'x86', SRCARCH: 'x86' }): Promise<Tree> {
  const files = new Map<string, readonly Node[]>();
  let wanted = ['Kconfig'];
  while (wanted.length > 0) {
    // Not all at once: a process may hold some hundred files open.
    const part = wanted.splice(0, batch);
    const read = await Promise.all(
      part.map(async (path) => [path, parse(await textOf(join(folder, path)), path, variables)] as const),
    );
    for (const [path, nodes] of read) files.set(path, nodes);
    const next = read.flatMap(([, nodes]) => sources(nodes)).filter((path) => !files.has(path) && !path.includes('$('));
    wanted = [...new Set([...wanted, ...next])];
  }
  if (files.get('Kconfig')?.length === 0) {
    throw new EulabError(`${folder} is no kernel source: it has no Kconfig file`, {
      hint: 'name the top folder of a kernel source',
    });
  }
  const makefile = await textOf(join(folder, 'Makefile'));
  const part = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(makefile)?.[1] ?? '?';
  return tree(files, 'Kconfig', `${part('VERSION')}.${part('PATCHLEVEL')}`);
}

const batch = 64;

/** A file's text; empty when there is none, as when a folder of the tree was left out. */
async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (isErrno(error) && error.code === 'ENOENT') return '';
    throw error;
  });
}

function sources(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => (node.kind === 'source' ? [node.path] : sources(node.below)));
}

/** The symbols of parsed files by path, from the file `top` on. Pure. */
export function tree(files: ReadonlyMap<string, readonly Node[]>, top: string, version: string): Tree {
  const symbols = new Map<string, Definition[]>();
  const selectors = new Map<string, If<{ by: string }>[]>();
  const walk = (nodes: readonly Node[], around: Omit<Definition, 'entry'>): void => {
    for (const node of nodes) {
      if (node.kind === 'source') {
        walk(files.get(node.path) ?? [], around);
        continue;
      }
      const depends = [...around.depends, ...node.depends];
      if (node.kind === 'config' && node.symbol !== undefined) {
        push(symbols, node.symbol, { ...around, entry: node, depends });
        for (const { symbol, ...condition } of node.selects) push(selectors, symbol, { by: node.symbol, ...condition });
      }
      if (node.below.length > 0) walk(node.below, { ...inside(node, around), depends });
    }
  };
  walk(files.get(top) ?? [], { depends: [], visible: [], choice: undefined });
  return { version, symbols, selectors };
}

/** What a block asks of the entries in it, but for its dependencies. */
function inside(block: Entry, around: Omit<Definition, 'entry'>): Pick<Definition, 'visible' | 'choice'> {
  if (block.kind !== 'choice') return { visible: [...around.visible, ...block.visible], choice: around.choice };
  const asked = block.prompts.flatMap((prompt) => (prompt.if === undefined ? [] : [prompt.if]));
  return { visible: [...around.visible, ...asked], choice: members(block) };
}

function members(block: Entry): string[] {
  return block.below.flatMap((node) => {
    if (node.kind === 'source') return [];
    return node.kind === 'config' ? (node.symbol ?? []) : members(node);
  });
}

function push<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

import { createHash } from 'node:crypto';
import { EulabError, status } from '../../errors.ts';
import type { Entry } from '../entry.ts';
import { tree } from '../tree.ts';
import { added, overlaid } from './files.ts';
import { baseOf, type Layout } from './layout.ts';
import type { ModuleFolder } from './module-folder.ts';
import { type ModuleWish, modules } from './modules.ts';
import { type Package, packaged } from './packages.ts';
import type { Placed } from './placed.ts';
import { firstProcess, program } from './program.ts';
import { service } from './services.ts';
import { addition, refusedAddition } from './spec.ts';

/** What a user wants in an initramfs beside what it has. */
export interface Wish {
  readonly add: readonly string[];
  readonly overlay: readonly string[];
  readonly program: readonly string[];
  /** What was asked for, and what came of it. */
  readonly packages: { readonly said: string; readonly unpacked: readonly Package[] };
  readonly init: string | undefined;
  readonly service: readonly string[];
  readonly modules: (ModuleWish & { readonly folder: ModuleFolder }) | undefined;
  /** The guest's, as `elf` names it. */
  readonly machine: string;
}

/** A part of an initramfs that goes on top of what is before it, as an archive of its own. */
export interface Layer {
  /** In the order of an archive; empty when nothing is to be added. */
  readonly entries: readonly Entry[];
  /** Other contents have another one. */
  readonly identity: string;
  /** Of its files, together. */
  readonly bytes: number;
  /** Where on the host a file comes from, by its path; eulab's own are not among them. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * The layer that brings what is wished for to an initramfs of that layout. What that one has at the same place is hidden, but its
 * folders, and links to folders, stay. No content is read but what says what else is needed.
 *
 * @throws EulabError (2) that names the option and what is wrong with it; two things at one place are refused.
 */
export async function layerOf(wish: Wish, layout: Layout): Promise<Layer> {
  const base = baseOf(layout);
  const guest = { machine: wish.machine, base };
  const placed = [
    ...wish.overlay.flatMap(overlaid),
    ...packaged(wish.packages.unpacked, wish.packages.said, base),
    ...wish.add.flatMap((text) => added(addition(text), base)),
    ...(wish.init === undefined ? [] : firstProcess(wish.init, guest)),
    ...wish.program.flatMap((name) => program(name, guest)),
    ...wish.service.map(service),
    ...(wish.modules === undefined ? [] : await modules(wish.modules, wish.modules.folder)),
  ];
  return laid(placed, layout);
}

/** Nothing to add. */
export function isEmpty({ add, overlay, program, packages, init, service, modules }: Wish): boolean {
  const lists = [add, overlay, program, packages.unpacked, service].every((list) => list.length === 0);
  return lists && init === undefined && modules === undefined;
}

/** All that was placed, each thing once, at the path where the kernel will put it. */
function laid(placed: readonly Placed[], layout: Layout): Layer {
  const links = placed.flatMap(({ entry }) => (entry.type === 'symlink' ? [[entry.path, entry.target] as const] : []));
  const below = baseOf(layout);
  const whole = baseOf(layout, links);
  const byPath = new Map<string, Placed>();
  for (const each of placed) {
    const path = whole.canonical(each.entry.path);
    const entry = { ...each.entry, path };
    // A folder of the guest's is one with another: the file is there already.
    if (entry.type === 'symlink' && whole.canonical(entry.target.replace(/^\/+/, '')) === path) continue;
    const earlier = byPath.get(path);
    if (earlier !== undefined && !same(earlier, { ...each, entry })) {
      const what = earlier.said === each.said ? each.from : `${each.from}, and ${earlier.from} of ${earlier.said}`;
      throw refusedAddition(each.said, `two things cannot be at /${path}: ${what}`, 'name another place for one: SRC:DST');
    }
    if (entry.type !== 'directory' && below.folder(path)) {
      throw refusedAddition(each.said, `/${path} is a folder in the initramfs`, 'name another place: SRC:DST');
    }
    if (earlier === undefined) byPath.set(path, { ...each, entry });
  }
  const all = sorted([...byPath.values()].map(({ entry }) => entry));
  const buried = all.find(({ type, path }) => type === 'directory' && below.file(path));
  if (buried !== undefined) throw unfit(`/${buried.path} is a file in the initramfs, and something is to be put into it`);
  const entries = all.filter(({ type, path }) => type !== 'directory' || !below.folder(path));
  const hash = createHash('sha256');
  for (const { entry, identity } of byPath.values()) hash.update(JSON.stringify([entry.path, entry.type, entry.mode, identity]));
  const bytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  const origins = new Map([...byPath].flatMap(([path, { from }]) => (from.startsWith('/') ? [[path, from] as const] : [])));
  return { entries, identity: hash.digest('hex'), bytes, origins };
}

/** Two folders, or one file of the host's that two options want. */
function same(a: Placed, b: Placed): boolean {
  return a.entry.type === b.entry.type && (a.entry.type === 'directory' || (a.from === b.from && a.identity === b.identity));
}

function sorted(entries: readonly Entry[]): Entry[] {
  try {
    return tree(entries);
  } catch (error) {
    if (error instanceof RangeError) throw unfit(error.message);
    throw error;
  }
}

function unfit(what: string): EulabError {
  return new EulabError(`what is added does not fit together: ${what}`, {
    hint: 'name another place: --add SRC:DST',
    exitCode: status.usage,
  });
}

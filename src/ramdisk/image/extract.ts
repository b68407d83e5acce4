import { createWriteStream, type Stats } from 'node:fs';
import { chmod, lchown, link, lstat, lutimes, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EulabError, isErrno, status } from '../../errors.ts';
import { run } from '../../exec.ts';
import type { Bytes } from './bytes.ts';
import { typeOf } from './header.ts';
import { clean, shown } from './path.ts';
import type { Node } from './rootfs.ts';
import { contentsOf, survey } from './survey.ts';
import type { Warning } from './warnings.ts';

/** How an image is extracted. */
export interface Extraction {
  /** These and what is below them; everything when there are none. */
  readonly paths: readonly string[];
  /** Make device nodes too, which takes root. */
  readonly devices: boolean;
  /** Keep owners and setuid bits, which takes root. */
  readonly owners: boolean;
  /** Into a folder that has something in it. */
  readonly force: boolean;
  readonly mostBytes: number;
}

/** What came of it. */
export interface Extracted {
  readonly entries: number;
  readonly bytes: number;
  /** Device nodes that were left out. */
  readonly devices: number;
  readonly warnings: readonly Warning[];
}

type Place = readonly [path: string, node: Node];

/**
 * Writes what the guest would find of an image to a folder. Nothing is written outside of it: each path is first resolved as the
 * kernel does, with links that stay inside; then folders and files are made, and links last, so that nothing goes through one. What is
 * there already is never opened: it is replaced, and a link in the way of a folder is refused.
 *
 * The image is read twice: nothing is written before all of it was found whole, and not too large.
 *
 * @throws Damage; EulabError for a folder that is not empty, a path that is not in it, more bytes than allowed.
 */
export async function extract(file: Bytes, folder: string, choice: Extraction): Promise<Extracted> {
  const { rootfs, warnings } = await survey(file);
  const all = [...rootfs.nodes].filter(([path, node]) => path !== '' && node.ordinal !== undefined);
  const wanted = chosen(all, choice.paths);
  const files = new Map(wanted.filter(([, { mode }]) => typeOf(mode) === 'file').map(([, node]) => [node.ordinal, node.size]));
  const bytes = [...files.values()].reduce((sum, size) => sum + size, 0);
  if (bytes > choice.mostBytes) {
    throw new EulabError(`its files take ${bytes} bytes, and ${choice.mostBytes} are allowed`, {
      hint: 'allow more with --max-size',
    });
  }
  await prepare(folder, choice.force);
  const of = (...types: string[]) => wanted.filter(([, { mode }]) => types.includes(typeOf(mode)));
  const folders = of('directory').sort(([a], [b]) => a.length - b.length);
  for (const [path] of folders) await naming(path, () => makeFolder(folder, path));
  await writeFiles(file, folder, of('file'));
  const nodes = of('character', 'block', 'fifo', 'socket');
  for (const [path, node] of nodes) await naming(path, () => makeNode(folder, path, node, choice.devices));
  for (const [path, node] of of('symlink')) await naming(path, () => makeLink(folder, path, node));
  // What is in a folder changes its time, and a folder without write permission takes no files: it comes last, from the inside.
  for (const place of [...of('file'), ...of('symlink'), ...folders.reverse()])
    await naming(place[0], () => finish(folder, place, choice.owners));
  const left = choice.devices ? 0 : of('character', 'block').length;
  return { entries: wanted.length - left, bytes, devices: left, warnings };
}

function chosen(all: readonly Place[], paths: readonly string[]): Place[] {
  const wanted = paths.map(clean).map((path) => ({ path, found: false }));
  const places = all.filter(([path]) => {
    if (paths.length === 0) return true;
    const hits = wanted.filter((one) => one.path === '' || one.path === path || path.startsWith(`${one.path}/`));
    for (const hit of hits) hit.found = true;
    return hits.length > 0;
  });
  const lacking = wanted.find(({ found }) => !found);
  if (lacking === undefined) return places;
  throw new EulabError(`has no ${shown(lacking.path)}`, { hint: 'eulab ramdisk ls lists what it has', exitCode: status.failed });
}

async function prepare(folder: string, force: boolean): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if (force || (await readdir(folder)).length === 0) return;
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new EulabError(`${folder} is no folder to extract to (${error.code})`, { exitCode: status.usage });
  }
  throw new EulabError(`${folder} is not empty`, {
    hint: 'name a new folder, or extract over it with --force',
    exitCode: status.usage,
  });
}

/** Makes the folders of a path, one by one. @throws EulabError when something else is there: a link would lead elsewhere. */
async function makeFolder(root: string, path: string): Promise<void> {
  let at = root;
  for (const part of path.split('/').filter((word) => word !== '')) {
    at = join(at, part);
    const found = await look(at);
    // The image's own folders get their mode when all is in them.
    if (found === undefined) await mkdir(at, { mode: 0o755 });
    else if (!found.isDirectory())
      throw new EulabError(`${at} is in the way: it is no folder`, { hint: 'extract to an empty folder' });
    else if (typeof process.getuid === 'function' && found.uid === process.getuid()) await chmod(at, found.mode | 0o700);
  }
}

/** The place of an entry, with nothing there and its folder made. */
async function cleared(root: string, path: string): Promise<string> {
  const parent = dirname(path);
  if (parent !== '.') await makeFolder(root, parent);
  const place = join(root, path);
  await rm(place, { force: true });
  return place;
}

async function writeFiles(file: Bytes, root: string, files: readonly Place[]): Promise<void> {
  const byOrdinal = grouped(files);
  for await (const entry of contentsOf(file, new Set(byOrdinal.keys()))) {
    const [[path] = [''] as const, ...others] = byOrdinal.get(entry.ordinal) ?? [];
    await naming(path, async () => {
      const place = await cleared(root, path);
      await pipeline(entry.content(), createWriteStream(place, { flags: 'wx', mode: 0o600 }));
      for (const [other] of others) await link(place, await cleared(root, other));
    });
  }
}

function grouped(files: readonly Place[]): Map<number, Place[]> {
  const groups = new Map<number, Place[]>();
  for (const place of files) {
    const ordinal = place[1].ordinal ?? -1;
    groups.set(ordinal, [...(groups.get(ordinal) ?? []), place]);
  }
  return groups;
}

async function makeNode(root: string, path: string, { mode, device }: Node, devices: boolean): Promise<void> {
  const type = typeOf(mode);
  if (type === 'socket' || (type !== 'fifo' && !devices)) return;
  const place = await cleared(root, path);
  const letter = { character: 'c', block: 'b', fifo: 'p' }[type as string] ?? 'p';
  const numbers = device === undefined ? [] : [String(device.major), String(device.minor)];
  await run({ file: 'mknod', args: [`--mode=${(mode & 0o777).toString(8)}`, '--', place, letter, ...numbers] });
}

async function makeLink(root: string, path: string, { head }: Node): Promise<void> {
  await symlink(Buffer.from(head), await cleared(root, path));
}

async function finish(root: string, [path, { mode, uid, gid, mtime }]: Place, owners: boolean): Promise<void> {
  const place = join(root, path);
  if (owners) await lchown(place, uid, gid);
  if (typeOf(mode) !== 'symlink') await chmod(place, mode & (owners ? 0o7777 : 0o777));
  await lutimes(place, mtime, mtime);
}

async function look(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: unknown) => {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Errors of the file system name the entry. */
async function naming(path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isErrno(error) || error instanceof EulabError) throw error;
    throw new EulabError(`${shown(path)} cannot be extracted (${error.code})`, { cause: error });
  }
}

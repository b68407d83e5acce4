import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { EulabError, isErrno, status } from '../errors.ts';
import { contents } from './content.ts';
import { deviceOf, type Entry, type HardLink } from './entry.ts';
import { compare } from './tree.ts';

/** What lies below a folder, to be packed as it is. */
export interface Found {
  /** In walk order. */
  readonly entries: readonly Entry[];
  /** Of the files, a hard link's once. */
  readonly bytes: number;
  /** Paths of sockets, which are nothing without who listens: they are left out. */
  readonly sockets: readonly string[];
}

/**
 * All below a folder as it is: permissions with setuid, devices, hard links; owners are root unless they are to be kept. Files are
 * opened when they are read.
 *
 * All at once and not in step with the archive: a link's content belongs to its last name, and calls that wait for nobody take a third of the time.
 *
 * @throws EulabError for a folder that is none (2), and for what may not be read or is named in no UTF-8.
 */
export function folderEntries(root: string, { owners }: { readonly owners: boolean }): Found {
  const found: [path: string, stats: Stats][] = [];
  const below = (path: string) => {
    const names = of(root, path, (file) => readdirSync(file)).sort(compare);
    for (const name of names) {
      const inside = path === '' ? name : `${path}/${name}`;
      const stats = of(root, inside, (file) => lstatSync(file));
      found.push([inside, stats]);
      if (stats.isDirectory()) below(inside);
    }
  };
  below('');
  const links = new Links(found);
  const entries = found.flatMap(([path, stats]) => entry(root, path, stats, { owners, links }) ?? []);
  return {
    entries,
    bytes: entries.reduce((sum, one) => sum + (one.type === 'file' ? one.size : 0), 0),
    sockets: found.filter(([, stats]) => stats.isSocket()).map(([path]) => path),
  };
}

function entry(root: string, path: string, stats: Stats, how: { owners: boolean; links: Links }): Entry | undefined {
  const common = {
    path,
    mode: stats.mode & 0o7777,
    ...(how.owners ? { owner: { uid: stats.uid, gid: stats.gid } } : {}),
  };
  if (stats.isDirectory()) return { ...common, type: 'directory' };
  if (stats.isSymbolicLink()) return { ...common, type: 'symlink', target: of(root, path, target) };
  if (stats.isFIFO()) return { ...common, type: 'fifo' };
  if (stats.isSocket()) return undefined;
  if (!stats.isFile()) return { ...common, type: stats.isBlockDevice() ? 'block' : 'character', device: deviceOf(stats.rdev) };
  const { link, last } = how.links.name(stats);
  const file = { ...common, type: 'file' as const, ...(link === undefined ? {} : { link }) };
  return last ? { ...file, size: stats.size, data: contents(`${root}/${path}`) } : { ...file, size: 0, data: new Uint8Array(0) };
}

/** @throws EulabError for one that is no UTF-8: an entry has its target as a text. */
function target(file: string): string {
  const text = readlinkSync(file);
  if (text.includes('\ufffd') && !readlinkSync(file, 'buffer').equals(Buffer.from(text)))
    throw new EulabError(`${file} cannot be packed: where it leads to is not in UTF-8`);
  return text;
}

/** The files that have several names below a folder. */
class Links {
  private readonly groups = new Map<string, { readonly group: number; names: number; left: number }>();

  constructor(found: readonly (readonly [path: string, stats: Stats])[]) {
    for (const [, stats] of found) {
      if (!stats.isFile() || stats.nlink < 2) continue;
      const known = this.groups.get(key(stats)) ?? { group: this.groups.size, names: 0, left: 0 };
      this.groups.set(key(stats), { ...known, names: known.names + 1, left: known.left + 1 });
    }
  }

  /** The next name of a file; the content belongs to the `last`. @see cpio(5), "new ASCII format" */
  name(stats: Stats): { readonly link: HardLink | undefined; readonly last: boolean } {
    const found = stats.nlink < 2 ? undefined : this.groups.get(key(stats));
    if (found === undefined || found.names < 2) return { link: undefined, last: true };
    found.left -= 1;
    return { link: { group: found.group, names: found.names }, last: found.left === 0 };
  }
}

const key = ({ dev, ino }: Stats) => `${dev}:${ino}`;

function of<Result>(root: string, path: string, look: (file: string) => Result): Result {
  const file = path === '' ? root : `${root}/${path}`;
  try {
    return look(file);
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (path === '') {
      const why =
        error.code === 'ENOENT' ? 'is not there' : error.code === 'ENOTDIR' ? 'is no folder' : `cannot be read: ${error.code}`;
      throw new EulabError(`${file} ${why}`, { exitCode: status.usage, cause: error });
    }
    if (error.code === 'ENOENT' && path.includes('\ufffd'))
      throw new EulabError(`${file} cannot be packed: its name is not in UTF-8`, { cause: error });
    throw new EulabError(`cannot read ${file}: ${error.code}`, { cause: error });
  }
}

import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';

/** The folders that eulab keeps in its cache, each with what it holds; it removes no others. */
export const cacheFolders: Readonly<Record<string, string>> = {
  downloads: 'downloads',
  sources: 'unpacked sources',
  trees: 'digests of the files of source folders',
  verify: 'builds that are compared',
  copies: 'lists of what engines elsewhere have copies of',
  git: 'git repositories',
  apt: "package lists and packages of apt's",
  packages: "Debian's packages",
  obj: 'object files',
  ccache: 'compiler cache',
  images: 'container images',
  probes: 'verdicts on this host',
  payloads: 'unpacked kernels and ramdisks',
  ramdisks: 'compiled ramdisks',
  logs: 'logs',
  locks: 'locks',
  states: 'saved states of machines',
};

const tagName = 'CACHEDIR.TAG';
const signature = 'Signature: 8a477f597d28d172789f06886806bc55';
const mark = '# This folder was made by eulab; "eulab clean cache" empties it.';

/**
 * Makes the cache folder with the tag that tells backups to pass it by, and `eulab clean cache` that it may empty it.
 *
 * A folder that holds anything but eulab's own is left without the tag: EULAB_CACHE may name somebody's home.
 *
 * @throws EulabError when the folder cannot be written to.
 * @see https://bford.info/cachedir/
 */
export async function markCache(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    if (names.includes(tagName) || !names.every((name) => cacheEntry(name) !== undefined)) return;
    await writeFile(join(folder, tagName), `${signature}\n${mark}\n# See https://bford.info/cachedir/\n`, { flag: 'wx' });
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') return;
    // Every boot comes by here: what it needs not, it does not load.
    throw (await import('./full-disk.ts')).unwritable(error, folder);
  }
}

/** What an entry of the cache holds; undefined when it is none of eulab's. */
export function cacheEntry(name: string): string | undefined {
  return Object.hasOwn(cacheFolders, name) ? cacheFolders[name] : undefined;
}

/** The tag in a folder that eulab marked; undefined when there is none, or another program's. */
export async function cacheTag(folder: string): Promise<{ readonly path: string; readonly bytes: number } | undefined> {
  const path = join(folder, tagName);
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines[0] === signature && lines.includes(mark) ? { path, bytes: found.size } : undefined;
}

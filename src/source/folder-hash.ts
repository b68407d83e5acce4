import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest } from '../digest.ts';
import { filesBelow, turns } from '../folder-walk.ts';

/** The content of a folder. */
export interface FolderHash {
  /** In-toto's `dirHash`. */
  readonly hash: string;
  /** The sha256 of each file, by its path. */
  readonly files: ReadonlyMap<string, string>;
}

/** As many lists of one folder are kept: of its last builds. */
const mostLists = 4;

/**
 * The hash of all files of a folder but what is git's; symbolic links are left out. The second time only the files are read that
 * have changed, by their sizes and times.
 *
 * The lists are kept in the cache, so that `keptFiles` can tell later what was changed.
 *
 * @see golang.org/x/mod/sumdb/dirhash, Hash1; the field type DigestSet of in-toto
 */
export async function folderHash(folder: string, cache: string, signal: AbortSignal | undefined): Promise<FolderHash> {
  const earlier = readList(newest(cache, folder));
  const lines: string[] = [];
  const files = new Map<string, string>();
  for await (const { path, mark } of marked(folder, signal)) {
    const known = earlier.get(path);
    const sha256 = known?.mark === mark ? known.sha256 : digest(readFileSync(join(folder, path)));
    files.set(path, sha256);
    lines.push(`${sha256} ${mark}/${path}\n`);
  }
  const hash = dirHash(files);
  keepList(cache, folder, hash, lines.join(''));
  return { hash, files };
}

/**
 * What tells two states of a folder apart, without reading a file of it: the sizes, times and numbers of all that `folderHash` reads,
 * which takes half a second of one CPU for a kernel's source.
 */
export async function folderState(folder: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const { path, mark } of marked(folder, signal)) hash.update(`${mark}/${path}\n`);
  return hash.digest('hex');
}

/** The files of a folder as they were when it had this hash; undefined when that is not known any more. */
export function keptFiles(folder: string, cache: string, hash: string): ReadonlyMap<string, string> | undefined {
  const list = readList(join(cache, 'trees', listName(folder, hash)));
  return list.size === 0 ? undefined : new Map([...list].map(([path, { sha256 }]) => [path, sha256]));
}

/** Paths with other bytes in one than in the other, or in one only, sorted. Pure. */
export function changedPaths(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort();
}

/** In-toto's `dirHash` of files by their digests. Pure. */
export function dirHash(files: ReadonlyMap<string, string>): string {
  // The order of bytes is that of JavaScript, but for what lies beyond 16 bits.
  const paths = [...files.keys()].sort();
  return digest(paths.map((path) => `${files.get(path)}  ${path}\n`).join(''));
}

/** The files of a folder, each with what tells whether it has changed; others have their turn now and then. */
async function* marked(folder: string, signal: AbortSignal | undefined): AsyncGenerator<{ path: string; mark: string }> {
  const turn = turns(signal);
  for (const { path, entry } of filesBelow(folder)) {
    const others = turn();
    if (others !== undefined) await others;
    // A name of two lines would be two lines of a list.
    if (!entry.isFile() || path.includes('\n')) continue;
    const { size, mtimeMs, ctimeMs, ino } = lstatSync(join(folder, path));
    yield { path, mark: `${size} ${mtimeMs} ${ctimeMs} ${ino}` };
  }
}

function listName(folder: string, hash: string): string {
  return `${listPrefix(folder)}${hash.slice(0, 16)}`;
}

const listPrefix = (folder: string) => `${digest(folder).slice(0, 12)}-`;

function listsOf(cache: string, folder: string): string[] {
  const trees = join(cache, 'trees');
  const timeMs = (name: string) => statSync(join(trees, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  try {
    return readdirSync(trees)
      .filter((name) => name.startsWith(listPrefix(folder)) && !name.endsWith('.new'))
      .sort((a, b) => timeMs(b) - timeMs(a))
      .map((name) => join(trees, name));
  } catch {
    return [];
  }
}

function newest(cache: string, folder: string): string {
  return listsOf(cache, folder)[0] ?? '';
}

function readList(file: string): ReadonlyMap<string, { readonly sha256: string; readonly mark: string }> {
  let text = '';
  try {
    if (file !== '') text = readFileSync(file, 'utf8');
  } catch {
    // There is none yet.
  }
  const files = new Map<string, { readonly sha256: string; readonly mark: string }>();
  // Eighty thousand lines: not by a pattern.
  for (const line of text.split('\n')) {
    const end = line.indexOf('/');
    if (end > 0) files.set(line.slice(end + 1), { sha256: line.slice(0, 64), mark: line.slice(65, end) });
  }
  return files;
}

function keepList(cache: string, folder: string, hash: string, text: string): void {
  const trees = join(cache, 'trees');
  mkdirSync(trees, { recursive: true });
  const place = join(trees, listName(folder, hash));
  const draft = `${place}.${process.pid}.new`;
  writeFileSync(draft, text);
  renameSync(draft, place);
  for (const old of listsOf(cache, folder).slice(mostLists)) rmSync(old, { force: true });
}

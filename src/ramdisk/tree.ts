import { directory, type Entry } from './entry.ts';

/**
 * The order of a walk: a folder, what is in it, then its next sibling; names by their UTF-8 bytes. Negative when `a` is
 * first. Not the order of the paths as texts: `a/b` comes before `a-b`.
 */
export function compare(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let at = 0;
  while (at < shorter && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === shorter) return a.length - b.length;
  // A folder's end comes before whatever its name could go on with.
  const [left, right] = [a, b].map((path) => (path[at] === '/' ? -1 : path.charCodeAt(at))) as [number, number];
  // From here on UTF-16, which texts are held in, has another order than UTF-8.
  if (left < surrogates || right < surrogates) return left - right;
  return Buffer.compare(Buffer.from(a.slice(0, at + 2)), Buffer.from(b.slice(0, at + 2)));
}

const surrogates = 0xd800;

/**
 * Entries in walk order, each folder before what is in it, with the folders that nobody named added (mode 755): the
 * kernel does not make them. Pure.
 *
 * @throws RangeError when two entries have one path, or one lies in something that is no folder.
 */
export function tree(entries: Iterable<Entry>): Entry[] {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new RangeError(`${entry.path} is there twice`);
    byPath.set(entry.path, entry);
  }
  for (const path of [...byPath.keys()]) {
    for (const parent of parents(path)) {
      const found = byPath.get(parent);
      if (found === undefined) byPath.set(parent, directory(parent));
      else if (found.type !== 'directory') throw new RangeError(`${path} lies in ${parent}, which is a ${found.type}`);
    }
  }
  return [...byPath.values()].sort((a, b) => compare(a.path, b.path));
}

/** The folders above a path, outermost first: "a/b/c" has "a" and "a/b". */
export function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/**
 * Two sequences in walk order as one; where both have a path, that of `over` counts, but a folder keeps what is in it.
 * Holds one entry of each at a time, and reads on only when that one has been consumed.
 *
 * @throws RangeError when a sequence is not in walk order, or an entry lies in no folder of the result.
 */
export async function* merge(base: Iterable<Entry> | AsyncIterable<Entry>, over: Iterable<Entry>): AsyncGenerator<Entry> {
  const folders = new Set<string>();
  const admit = (entry: Entry) => {
    const parent = parents(entry.path).at(-1);
    if (parent !== undefined && !folders.has(parent))
      throw new RangeError(`${entry.path} lies in no folder: ${parent} is not there`);
    if (entry.type === 'directory') folders.add(entry.path);
    return entry;
  };
  const rest = ordered(over)[Symbol.iterator]();
  let next = rest.next();
  let last = '';
  for await (const entry of base) {
    if (last !== '' && compare(last, entry.path) >= 0)
      throw new RangeError(`${entry.path} comes after ${last}: not in the order of a walk`);
    last = entry.path;
    while (next.done !== true && compare(next.value.path, entry.path) < 0) {
      yield admit(next.value);
      next = rest.next();
    }
    if (next.done !== true && next.value.path === entry.path) {
      yield admit(next.value);
      next = rest.next();
    } else {
      yield admit(entry);
    }
  }
  for (; next.done !== true; next = rest.next()) yield admit(next.value);
}

function* ordered(entries: Iterable<Entry>): Generator<Entry, undefined> {
  let last = '';
  for (const entry of entries) {
    if (last !== '' && compare(last, entry.path) >= 0)
      throw new RangeError(`${entry.path} comes after ${last}: not in the order of a walk`);
    last = entry.path;
    yield entry;
  }
}

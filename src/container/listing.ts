import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { EulabError, isErrno } from '../errors.ts';

/** So long nothing else runs at a time. */
const sliceMs = 20;

/** What tells whether a file has changed, by its path in the folder. */
export type Marks = Map<string, string>;

/**
 * The files and links of a folder, all of them or those that a pattern fits; git's own files are left out. `bytes` is their size.
 *
 * @throws EulabError for a folder that cannot be read.
 */
export async function marksOf(
  folder: string,
  pattern: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly marks: Marks; readonly sizes: ReadonlyMap<string, number> }> {
  const wanted = pattern === undefined ? undefined : new RegExp(pattern);
  const marks: Marks = new Map();
  const sizes = new Map<string, number>();
  let beganMs = performance.now();
  try {
    for (const path of pathsBelow(folder, '')) {
      if (performance.now() - beganMs > sliceMs) {
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        beganMs = performance.now();
      }
      if (wanted !== undefined && !wanted.test(path)) continue;
      const found = markOf(join(folder, path));
      if (found === undefined) continue;
      marks.set(path, found.mark);
      sizes.set(path, found.bytes);
    }
  } catch (error) {
    if (!isErrno(error) || error instanceof EulabError) throw error;
    throw new EulabError(`cannot read ${error.path ?? folder}: ${error.code}`, { cause: error });
  }
  return { marks, sizes };
}

/** Undefined for what is not there, and what is neither a file nor a link. */
export function markOf(file: string): { readonly mark: string; readonly bytes: number } | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) return { mark: `link ${readlinkSync(file)}`, bytes: 0 };
  if (!found?.isFile()) return undefined;
  return { mark: `${found.size} ${found.mtimeMs} ${(found.mode & 0o777).toString(8)}`, bytes: found.size };
}

function* pathsBelow(root: string, below: string): Generator<string> {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (path === '.git') continue;
    if (entry.isDirectory()) yield* pathsBelow(root, path);
    else yield path;
  }
}

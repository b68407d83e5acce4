import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { EulabError, isErrno } from '../errors.ts';
import { filesBelow, turns } from '../folder-walk.ts';

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
  const turn = turns(signal);
  try {
    for (const { path } of filesBelow(folder)) {
      const others = turn();
      if (others !== undefined) await others;
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

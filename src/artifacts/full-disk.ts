import { statfs } from 'node:fs/promises';
import { EulabError } from '../errors.ts';

/** Less than this is free on a disk on which something could not be written. */
const nextToNothing = 64 * 1024;

/** True when there is no room on the disk of a folder: of what failed there nothing else may tell. */
export async function isFullDisk(folder: string): Promise<boolean> {
  const found = await statfs(folder).catch(() => undefined);
  // Some file systems count no inodes.
  return found !== undefined && (found.bavail * found.bsize < nextToNothing || (found.files > 0 && found.ffree === 0));
}

/** The error for it. */
export function fullDisk(folder: string, facts: { readonly cause: unknown; readonly details?: readonly string[] }): EulabError {
  return new EulabError(`no space is left on the disk of ${folder}`, {
    ...facts,
    hint: 'make room: eulab clean cache',
    check: 'artifacts',
  });
}

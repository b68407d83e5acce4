import { statfs } from 'node:fs/promises';
import { EulabError, isErrno, status } from '../errors.ts';

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

/** An error of writing below `folder` as a user should read it; anything else comes back as it is. */
export function unwritable(error: unknown, folder: string): unknown {
  if (!isErrno(error) || error instanceof EulabError) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return fullDisk(folder, { cause: error });
  }
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    const hint = 'work in a folder of your own: eulab -C FOLDER';
    return new EulabError(`cannot write to ${error.path ?? folder}`, {
      hint,
      check: 'artifacts',
      exitCode: status.notReady,
      cause: error,
    });
  }
  return new EulabError(`cannot write to ${folder}: ${error.message}`, { cause: error });
}

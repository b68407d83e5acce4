import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';

/** How many files are asked for or removed at a time. */
const batch = 64;

/**
 * The bytes of all files in a folder, as their sizes say; symbolic links are not followed.
 *
 * @throws EulabError when another file system is mounted in it, or a folder in it cannot be read.
 */
export async function measure(folder: string, signal?: AbortSignal): Promise<number> {
  const { dev } = await lstat(folder);
  const visit = async (path: string): Promise<number> => {
    signal?.throwIfAborted();
    const entries = await readdir(path, { withFileTypes: true });
    let bytes = 0;
    for (const part of batches(entries.filter((entry) => !entry.isDirectory()))) {
      const found = await Promise.all(part.map(({ name }) => lstat(join(path, name)).catch(() => undefined)));
      for (const file of found) bytes += file?.size ?? 0;
    }
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      const below = join(path, name);
      if ((await lstat(below)).dev !== dev) {
        throw new EulabError(`${below} is a mount point`, { hint: `umount ${below}`, exitCode: status.notReady });
      }
      bytes += await visit(below);
    }
    return bytes;
  };
  return visit(folder).catch((error: unknown) => {
    throw unreachable(error, folder);
  });
}

/**
 * Removes a folder and all in it, bottom-up; folders without write permission too. Symbolic links are removed, not followed.
 *
 * @throws EulabError when something in it cannot be removed; the signal's reason when it is aborted.
 */
export async function removeTree(folder: string, signal?: AbortSignal): Promise<void> {
  const visit = async (path: string): Promise<void> => {
    signal?.throwIfAborted();
    const there = await lstat(path).catch(ignore('ENOENT'));
    if (there === undefined) return;
    if ((there.mode & 0o700) !== 0o700) await chmod(path, 0o700);
    const entries = await readdir(path, { withFileTypes: true });
    for (const part of batches(entries.filter((entry) => !entry.isDirectory()))) {
      await Promise.all(part.map(({ name }) => unlink(join(path, name)).catch(ignore('ENOENT'))));
    }
    for (const { name } of entries.filter((entry) => entry.isDirectory())) await visit(join(path, name));
    await rmdir(path);
  };
  await visit(folder).catch((error: unknown) => {
    throw unreachable(error, folder);
  });
}

/** A handler of rejections that lets one errno pass. */
export function ignore(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!isErrno(error) || !codes.includes(error.code ?? '')) throw error;
    return undefined;
  };
}

function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += batch) yield items.slice(at, at + batch);
}

/** What a container wrote under other user ids can only be removed from inside the same user namespace. */
function unreachable(error: unknown, folder: string): unknown {
  if (!isErrno(error)) return error;
  const denied = error.code === 'EACCES' || error.code === 'EPERM';
  return new EulabError(`cannot remove ${error.path ?? folder}: ${error.message}`, {
    hint: denied ? `podman unshare rm -r ${folder}; or as root: rm -r ${folder}` : undefined,
    cause: error,
  });
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { bytesAt } from '../artifacts/storage.ts';
import type { Command } from '../command.ts';
import { CommandError, EulabError, isErrno, status } from '../errors.ts';
import { run } from '../exec.ts';

/** What a disk can be filled from. */
export type Contents =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'tarball'; readonly path: string }
  | { readonly kind: 'initramfs'; readonly path: string; readonly gzip: boolean };

const others: readonly string[] = ['fd377a585a', '28b52ffd', '425a68', '5d0000', '894c5a4f', '04224d18', '1f9d'];

/** What lies at a path, as far as its beginning tells. @throws EulabError (2) when no disk can be filled from it. */
export function contents(path: string): Contents {
  const wrong = (what: string) =>
    new EulabError(`--from: ${path} ${what}`, {
      hint: 'an initramfs has to be a cpio archive, plain or with gzip; a tarball may be compressed',
      exitCode: status.usage,
    });
  if (!existsSync(path)) throw wrong('does not exist');
  if (statSync(path).isDirectory()) return { kind: 'folder', path };
  try {
    const head = bytesAt(path, 0, 64 * 1024);
    const gzip = head[0] === 0x1f && head[1] === 0x8b;
    const plain = gzip ? gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH }) : head;
    const text = Buffer.from(plain.subarray(0, 512)).toString('latin1');
    if (text.startsWith('07070')) return { kind: 'initramfs', path, gzip };
    const packed = others.some((magic) => Buffer.from(head.subarray(0, 8)).toString('hex').startsWith(magic));
    if (packed || text.startsWith('ustar', 257)) return { kind: 'tarball', path };
  } catch (error) {
    throw wrong(`cannot be read (${isErrno(error) ? error.code : error})`);
  }
  throw wrong('is no folder, no tarball and no initramfs');
}

/** The programs that a filling takes. */
export function unpackers({ kind }: Contents): string[] {
  return kind === 'folder' ? [] : [kind === 'tarball' ? 'tar' : 'cpio'];
}

/**
 * The call that unpacks an archive in a folder. What it has in /dev stays behind: nodes take root to make, and the guest's
 * kernel makes its own. Pure.
 *
 * @see tar(1), cpio(1)
 */
export function unpacking({ kind, path }: Exclude<Contents, { kind: 'folder' }>, folder: string): Command {
  if (kind === 'tarball') {
    const args = ['--extract', '--force-local', '--file', path, '--same-permissions', '--numeric-owner'];
    return { file: 'tar', args: [...args, '--exclude', 'dev/*', '--exclude', './dev/*'], cwd: folder };
  }
  const args = ['--extract', '--make-directories', '--no-absolute-filenames', '--preserve-modification-time', '--quiet'];
  return { file: 'cpio', args: [...args, '--nonmatching', 'dev/*', './dev/*', '/dev/*'], cwd: folder };
}

/** Unpacks an archive to a new folder. @throws EulabError that names the archive. */
export async function unpack(archive: Exclude<Contents, { kind: 'folder' }>, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder);
  try {
    const bytes = archive.kind === 'initramfs' ? readFileSync(archive.path) : undefined;
    const input = bytes === undefined ? {} : { input: archive.kind === 'initramfs' && archive.gzip ? gunzipSync(bytes) : bytes };
    await run(unpacking(archive, folder), { signal, ...input });
  } catch (error) {
    if (!(error instanceof CommandError) && !isErrno(error)) throw error;
    const details = error instanceof CommandError ? error.stderr.split('\n').slice(-6) : [error.message];
    throw new EulabError(`--from: ${archive.path} cannot be unpacked`, { details, exitCode: status.usage, cause: error });
  }
}

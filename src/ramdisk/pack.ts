import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { unwritable } from '../artifacts/full-disk.ts';
import { EulabError } from '../errors.ts';
import { locate, missing } from '../exec.ts';
import { filtered } from '../filter.ts';
import type { Method } from '../ramdisk-values.ts';
import { methods } from './compression.ts';
import { newc } from './cpio.ts';
import type { Entry } from './entry.ts';
import { gzip } from './gzip.ts';

/** An image that was written. */
export interface Packed {
  /** Length of the file. */
  readonly bytes: number;
  /** Of its content, in hex. */
  readonly sha256: string;
}

/** A compression that is settled. */
export interface Compressed {
  readonly method: Method;
  /** The method's usual one unless given. */
  readonly level?: number | undefined;
}

/**
 * Writes entries as a newc archive, compressed with gzip unless told otherwise. Memory does not grow with the image; when anything
 * fails, the file is removed. The same entries give the same bytes.
 *
 * `mtime` is that of every entry, in seconds since 1970.
 *
 * @throws EulabError when the disk is full or may not be written, or an entry is refused by `newc` or whoever made it.
 */
export async function pack(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  file: string,
  mtime: number,
  how: Compressed = { method: 'gzip' },
): Promise<Packed> {
  return await packArchive(newc(entries, mtime), file, how);
}

/** As `pack`, an archive that is made already. */
export async function packArchive(archive: AsyncIterable<Uint8Array>, file: string, how: Compressed): Promise<Packed> {
  // Opened before anything can fail: a stream that is still opening when it is destroyed makes its file after its removal.
  const handle = await open(file, 'w').catch((error: unknown) => {
    throw unwritable(error, file);
  });
  try {
    return await written(handle, compressed(archive, how));
  } catch (error) {
    await rm(file, { force: true });
    // What newc, merge and the readers refuse is wrong with the tree, not with eulab.
    if (error instanceof RangeError) throw new EulabError(`the ramdisk cannot be packed: ${error.message}`, { cause: error });
    throw unwritable(error, file);
  } finally {
    await handle.close();
  }
}

/** Writes pieces to a file; while one is on its way, its digest and the next piece are made. */
async function written(handle: FileHandle, pieces: AsyncIterable<Uint8Array>): Promise<Packed> {
  const hash = createHash('sha256');
  let bytes = 0;
  let last: Promise<void> = Promise.resolve();
  try {
    for await (const piece of pieces) {
      await last;
      last = handle.appendFile(piece);
      // Its failure is told when the next piece comes.
      last.catch(() => undefined);
      hash.update(piece);
      bytes += piece.length;
    }
    await last;
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await last.catch(() => undefined);
  }
}

/** An archive in pieces, compressed. @throws EulabError (3) when the program that does it is not installed. */
export function compressed(archive: AsyncIterable<Uint8Array>, { method, level }: Compressed): AsyncIterable<Uint8Array> {
  const { usual, program } = methods[method];
  if (method === 'none') return archive;
  if (program === undefined) return gzip(archive, level ?? usual);
  const [file, ...args] = program(level ?? usual);
  if (locate(file) === undefined) throw missing(file);
  return filtered({ file, args }, archive);
}

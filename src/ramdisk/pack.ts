import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { unwritable } from '../artifacts/store.ts';
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
}

/** So much may wait for the disk while more is made. */
const aheadBytes = 4 * 1024 * 1024;

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
    const out = handle.createWriteStream({ highWaterMark: aheadBytes });
    await pipeline(compressed(archive, how), out);
    return { bytes: out.bytesWritten };
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    // What newc, merge and the readers refuse is wrong with the tree, not with eulab.
    if (error instanceof RangeError) throw new EulabError(`the ramdisk cannot be packed: ${error.message}`, { cause: error });
    throw unwritable(error, file);
  }
}

/** @throws EulabError (3) when the program that does it is not installed. */
function compressed(archive: AsyncIterable<Uint8Array>, { method, level }: Compressed): AsyncIterable<Uint8Array> {
  const { usual, program } = methods[method];
  if (method === 'none') return archive;
  if (program === undefined) return gzip(archive, level ?? usual);
  const [file, ...args] = program(level ?? usual);
  if (locate(file) === undefined) throw missing(file);
  return filtered({ file, args }, archive);
}

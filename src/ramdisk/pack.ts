import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { unwritable } from '../artifacts/store.ts';
import { EulabError } from '../errors.ts';
import { newc } from './cpio.ts';
import type { Entry } from './entry.ts';

/** An image that was written. */
export interface Packed {
  /** Length of the file. */
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/**
 * Writes entries as a gzip-compressed newc archive. Memory does not grow with the image; when anything fails, the file is
 * removed. The same entries give the same bytes: the gzip header carries no name and no time.
 *
 * `mtime` is that of every entry, in seconds since 1970.
 *
 * @throws EulabError when the disk is full or may not be written, or an entry is refused by `newc` or whoever made it.
 */
export async function pack(entries: Iterable<Entry> | AsyncIterable<Entry>, file: string, mtime: number): Promise<Packed> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  // Opened before anything can fail: a stream that is still opening when it is destroyed makes its file after its removal.
  const handle = await open(file, 'w').catch((error: unknown) => {
    throw unwritable(error, file);
  });
  try {
    // The best level: an image is packed once and unpacked at every boot, and level 9 costs no more to unpack.
    const gzip = createGzip({ level: constants.Z_BEST_COMPRESSION });
    await pipeline(newc(entries, mtime), gzip, measure, handle.createWriteStream());
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    // What newc, merge and the readers refuse is wrong with the tree, not with eulab.
    if (error instanceof RangeError) throw new EulabError(`the ramdisk cannot be packed: ${error.message}`, { cause: error });
    throw unwritable(error, file);
  }
  return { bytes, sha256: hash.digest('hex') };
}

import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { unwritable } from '../artifacts/full-disk.ts';
import { EulabError } from '../errors.ts';
import { newc } from './cpio.ts';
import type { Entry } from './entry.ts';
import { type Compressed, compressed } from './pack.ts';

/** An archive of entries, compressed; `mtime` is that of every entry, in seconds since 1970. */
export interface Packing {
  readonly entries: Iterable<Entry>;
  readonly mtime: number;
  readonly how: Compressed;
}

/**
 * Writes an archive to a file and returns how long it is. The file takes its place when it is whole; what was there stays when
 * anything fails. As a shell's `>`, this does not wait for the disk.
 *
 * @throws EulabError when it cannot be written, or `newc` refuses an entry.
 */
export async function packTo(place: string, packing: Packing): Promise<number> {
  const folder = dirname(place);
  const draft = join(folder, `.${basename(place)}.${process.pid}`);
  try {
    const descriptor = openSync(draft, 'w', 0o666);
    let bytes = 0;
    try {
      await packInto(packing, (piece) => {
        for (let at = 0; at < piece.length; ) at += writeSync(descriptor, piece, at);
        bytes += piece.length;
      });
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, place);
    return bytes;
  } catch (error) {
    rmSync(draft, { force: true });
    throw unwritable(error, folder);
  }
}

/** Hands an archive out piece by piece; a piece is only as it is until `write` is done with it. @throws EulabError when `newc` refuses an entry. */
export async function packInto(
  { entries, mtime, how }: Packing,
  write: (piece: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const spent: Uint8Array[] = [];
  try {
    for await (const piece of compressed(newc(entries, mtime, spent), how)) {
      const done = write(piece);
      if (done !== undefined) await done;
      // What compresses makes pieces of its own.
      if (how.method === 'none') spent.push(piece);
    }
  } catch (error) {
    // A file that changes while it is read, for one.
    if (error instanceof RangeError) throw new EulabError(`the folder cannot be packed: ${error.message}`, { cause: error });
    throw error;
  }
}

import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EulabError, status } from '../errors.ts';
import { listed } from '../ramdisk/cpio.ts';
import { headOf } from './machine.ts';

const maker = 'eulab build ramdisk';

/**
 * Refuses an initramfs that the kernel could not start: empty, cut or corrupt, or without a program at /init. Reads only as
 * far as /init. Compressions other than gzip are left to the kernel.
 *
 * @throws EulabError (2) that names the file.
 * @see Documentation/filesystems/ramfs-rootfs-initramfs.rst
 */
export async function checkInitramfs(file: string, option: string): Promise<void> {
  const { head, bytes } = headOf(file, 8, option, maker);
  const wrong = (what: string) =>
    new EulabError(`${file} ${what}`, { hint: `make one: ${maker}; or name another with ${option}`, exitCode: status.usage });
  if (bytes === 0) throw wrong('is empty');
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  const cpio = Buffer.from(head.subarray(0, 5)).toString('latin1') === '07070';
  if (!gzip && !cpio) {
    if (otherCompression(head)) return;
    throw wrong('is no initramfs: neither a cpio archive nor a compressed one');
  }
  const source = createReadStream(file);
  const stream = gzip ? pipeline(source, createGunzip(), () => undefined) : source;
  let seen = 0;
  try {
    for await (const { path, mode } of listed(stream)) {
      seen += 1;
      if (path.replace(/^\.?\//, '') !== 'init') continue;
      const type = mode & 0o170000;
      if (type === 0o100000 && (mode & 0o111) === 0) throw wrong('has an /init that is not executable');
      if (type === 0o040000) throw wrong('has a folder at /init, where a program is to be');
      return;
    }
  } catch (error) {
    if (error instanceof EulabError) throw error;
    // Microcode comes first in an archive of its own, uncompressed; what is behind it is compressed: the kernel will see.
    if (!gzip && seen > 0 && error instanceof RangeError && error.message.startsWith('no newc header')) return;
    throw wrong(`is cut or corrupt: ${error instanceof Error ? error.message : error}`);
  } finally {
    source.destroy();
  }
  throw wrong('has no /init: the kernel would have nothing to start');
}

/** xz, zstd, bzip2, lzma, lzop and lz4 (legacy). @see lib/decompress.c */
function otherCompression(head: Uint8Array): boolean {
  const magics = ['fd377a585a', '28b52ffd', '425a68', '5d0000', '894c5a4f', '02214c18'];
  const hex = Buffer.from(head).toString('hex');
  return magics.some((magic) => hex.startsWith(magic));
}

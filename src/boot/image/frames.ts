import type { Bytes } from '../../ramdisk/image/bytes.ts';
import type { Compression } from '../../ramdisk/image/compression.ts';
import { frameEnd } from '../../ramdisk/image/frame-end.ts';

/**
 * What is wrong with the frame of compressed data that lies between two offsets, as far as its lengths and marks tell;
 * undefined when nothing is. Pure. The data itself is not unpacked: a few reads, however long it is.
 */
export function frameFault(file: Bytes, name: Compression['name'], start: number, end: number): string | undefined {
  switch (name) {
    case 'gzip':
      return gzipFault(file, start, end);
    case 'xz':
      return xzFault(file, start, end);
    case 'lz4':
    case 'zstd':
      return lengthFault(file, name, start, end);
    case 'bzip2':
    case 'lzma':
    case 'lzo':
      // Nothing in them says how long they are.
      return undefined;
  }
}

/** @see RFC 1952 */
function gzipFault(file: Bytes, start: number, end: number): string | undefined {
  const [, , method, flags] = file.at(start, 4);
  if (method !== 8 || flags === undefined || (flags & 0xe0) !== 0) return 'its gzip header is none';
  return end - start < 20 ? 'its gzip data is cut' : undefined;
}

/** Stream header and footer hold the same flags. @see The .xz File Format, 2.1 */
function xzFault(file: Bytes, start: number, end: number): string | undefined {
  const header = Buffer.from(file.at(start + 6, 2));
  const footer = Buffer.from(file.at(end - 4, 4));
  if (footer.subarray(2).toString('latin1') !== 'YZ') return 'its xz data does not end as such data does';
  return header.equals(footer.subarray(0, 2)) ? undefined : 'the header and the footer of its xz data differ';
}

/** Data that says itself where it ends. */
function lengthFault(file: Bytes, name: 'lz4' | 'zstd', start: number, end: number): string | undefined {
  const found = frameEnd({ length: end, at: (offset, count) => file.at(offset, count) }, name, start);
  if (typeof found === 'string') return found;
  return found === end ? undefined : `its ${name} data ends at byte ${found} instead of ${end}`;
}

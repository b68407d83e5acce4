import { type Bytes, numberAt } from './bytes.ts';
import type { Compression } from './compression.ts';

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
      return lz4Fault(file, start, end);
    case 'zstd':
      return zstdFault(file, start, end);
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

const lz4Magic = 0x184c2102;

/** Blocks of 8 MiB at most, each behind its length. @see lib/decompress_unlz4.c */
function lz4Fault(file: Bytes, start: number, end: number): string | undefined {
  let at = start + 4;
  while (at < end) {
    const bytes = numberAt(file, at, 4);
    if (bytes === undefined) return `its lz4 data is cut at byte ${at}`;
    if (bytes !== lz4Magic && (bytes === 0 || at + 4 + bytes > end)) return `its lz4 block at byte ${at} has a wrong length`;
    at += bytes === lz4Magic ? 4 : 4 + bytes;
  }
  return at === end ? undefined : `its lz4 data is cut at byte ${at}`;
}

const rawBlock = 0;
const rleBlock = 1;
const compressedBlock = 2;
const longestZstdBlock = 128 * 1024;

/** One frame, block by block. @see RFC 8878, 3.1.1 */
function zstdFault(file: Bytes, start: number, end: number): string | undefined {
  const [descriptor = 0xff] = file.at(start + 4, 1);
  if ((descriptor & 8) !== 0) return 'its zstd header is none';
  const single = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
  let at = start + 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (;;) {
    const header = at + 3 <= end ? numberAt(file, at, 3) : undefined;
    if (header === undefined) return `its zstd data is cut at byte ${at}`;
    const [kind, bytes] = [(header >> 1) & 3, header >> 3];
    const known = kind === rawBlock || kind === rleBlock || kind === compressedBlock;
    if (!known || bytes > longestZstdBlock) return `its zstd block at byte ${at} has a wrong header`;
    at += 3 + (kind === rleBlock ? 1 : bytes);
    if ((header & 1) === 1) break;
  }
  return at + checksumBytes === end ? undefined : `its zstd data ends at byte ${at + checksumBytes} instead of ${end}`;
}

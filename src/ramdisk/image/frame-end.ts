import { type Bytes, numberAt } from './bytes.ts';
import type { Compression } from './compression.ts';

/** Where compressed data ends, or the sentence that says why that cannot be told. */
export type FrameEnd = number | string;

/**
 * Where the one frame of compressed data ends that begins at `start`: the kernel unpacks a segment so far, and looks for the next
 * one behind it. By lengths and marks alone: a few reads, however long it is. gzip tells its end only to who unpacks it. Pure.
 *
 * @see lib/decompress_*.c
 */
export function frameEnd(file: Bytes, name: Exclude<Compression['name'], 'gzip'>, start: number): FrameEnd {
  switch (name) {
    case 'zstd':
      return zstdEnd(file, start);
    case 'lz4':
      return lz4End(file, start);
    case 'xz':
      return xzEnd(file, start);
    case 'lzo':
      return lzoEnd(file, start);
    case 'bzip2':
      return bzip2End(file, start);
    case 'lzma':
      // Nothing in it says how long it is: the programs and the kernel find out as they unpack it.
      return file.length;
  }
}

const cut = (name: string, at: number) => `its ${name} data is cut at byte ${at}`;

const rleBlock = 1;
const reservedBlock = 3;
const longestZstdBlock = 128 * 1024;

/** One frame, block by block. @see RFC 8878, 3.1.1 */
function zstdEnd(file: Bytes, start: number): FrameEnd {
  const [descriptor] = file.at(start + 4, 1);
  if (descriptor === undefined || (descriptor & 8) !== 0) return 'its zstd header is none';
  const single = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = start + 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (;;) {
    const header = numberAt(file, at, 3);
    if (header === undefined) return cut('zstd', at);
    const [kind, bytes] = [(header >> 1) & 3, header >> 3];
    if (kind === reservedBlock || bytes > longestZstdBlock) return `its zstd block at byte ${at} has a wrong header`;
    at += 3 + (kind === rleBlock ? 1 : bytes);
    if ((header & 1) === 1) break;
  }
  at += (descriptor & 4) === 0 ? 0 : 4;
  return at <= file.length ? at : cut('zstd', at);
}

const lz4Magic = 0x184c2102;

/** Blocks behind their lengths, to the end or to a length of 0, which may be padding. @see lib/decompress_unlz4.c */
function lz4End(file: Bytes, start: number): FrameEnd {
  let at = start + 4;
  while (at < file.length) {
    const bytes = numberAt(file, at, 4);
    if (bytes === undefined) return file.at(at, 4).every((byte) => byte === 0) ? at : cut('lz4', at);
    if (bytes === 0) return at;
    if (bytes !== lz4Magic && at + 4 + bytes > file.length) return `its lz4 block at byte ${at} has a wrong length`;
    at += bytes === lz4Magic ? 4 : 4 + bytes;
  }
  return at;
}

/** Bytes of an integrity check, by its number. @see The .xz File Format, 2.1.1.2 */
const xzChecks = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** One stream: a header, blocks, an index, a footer. @see The .xz File Format */
function xzEnd(file: Bytes, start: number): FrameEnd {
  const checkBytes = xzChecks[(file.at(start + 7, 1)[0] ?? 0) & 0xf] ?? 0;
  let at = start + 12;
  for (;;) {
    const [size] = file.at(at, 1);
    if (size === undefined) return cut('xz', at);
    if (size === 0) break;
    const end = lzma2End(file, at + (size + 1) * 4);
    if (typeof end === 'string') return end;
    at = end + ((4 - ((end - start) % 4)) % 4) + checkBytes;
  }
  // The index: how many blocks, and two numbers for each, in groups of 7 bits.
  const begin = at;
  at += 1;
  let numbers = 1;
  for (let index = 0; index < numbers; index += 1) {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const [byte] = file.at(at, 1);
      if (byte === undefined || shift > 56) return cut('xz', at);
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (index === 0) numbers += 2 * value;
    if (numbers > file.length) return `the index of its xz data, at byte ${begin}, is damaged`;
  }
  at += ((4 - ((at - begin) % 4)) % 4) + 4 + 12;
  if (at > file.length) return cut('xz', at);
  return Buffer.from(file.at(at - 2, 2)).toString('latin1') === 'YZ' ? at : 'its xz data does not end as such data does';
}

/** Chunks that begin with what they are and how long. @see lib/xz/xz_dec_lzma2.c */
function lzma2End(file: Bytes, start: number): FrameEnd {
  for (let at = start; ; ) {
    const chunk = file.at(at, 6);
    const [control, , , high = 0, low = 0] = chunk;
    if (control === undefined) return cut('xz', at);
    if (control === 0) return at + 1;
    if (control >= 3 && control < 0x80) return `its xz chunk at byte ${at} has a wrong header`;
    if (control < 3) at += 3 + (((chunk[1] ?? 0) << 8) | (chunk[2] ?? 0)) + 1;
    else at += (control >= 0xc0 ? 6 : 5) + ((high << 8) | low) + 1;
  }
}

const lzoFlags = { adlerData: 1, adlerPacked: 2, extra: 0x40, crcData: 0x100, crcPacked: 0x200, filter: 0x800 };

/** lzop's file: a header, blocks behind both their lengths and checksums, four zeros. @see lib/decompress_unlzo.c */
function lzoEnd(file: Bytes, start: number): FrameEnd {
  const number = (at: number) => {
    const part = Buffer.from(file.at(at, 4));
    return part.length < 4 ? undefined : part.readUInt32BE();
  };
  const version = Buffer.from(file.at(start + 9, 2));
  if (version.length < 2) return cut('lzo', start + 9);
  const old = version.readUInt16BE() < 0x0940;
  const flagsAt = start + (old ? 14 : 17);
  const flags = number(flagsAt);
  if (flags === undefined) return cut('lzo', flagsAt);
  let at = flagsAt + 4 + ((flags & lzoFlags.filter) === 0 ? 0 : 4) + 4 + 4 + (old ? 0 : 4);
  at += 1 + (file.at(at, 1)[0] ?? 0) + 4;
  if ((flags & lzoFlags.extra) !== 0) at += 4 + (number(at) ?? 0) + 4;
  const sums = (names: readonly (keyof typeof lzoFlags)[]) => 4 * names.filter((name) => (flags & lzoFlags[name]) !== 0).length;
  for (;;) {
    const [unpacked, packed] = [number(at), number(at + 4)];
    if (unpacked === 0) return at + 4;
    if (unpacked === undefined || packed === undefined || packed > unpacked) return cut('lzo', at);
    // What could not be made smaller has no checksum of its packed form.
    at += 8 + sums(['adlerData', 'crcData']) + (packed < unpacked ? sums(['adlerPacked', 'crcPacked']) : 0) + packed;
    if (at > file.length) return cut('lzo', at);
  }
}

/** The mark in front of the sum at the end of bzip2 data, at any bit. */
const bzip2Mark = 0x177245385090;
const pieceBytes = 64 * 1024;

function bzip2End(file: Bytes, start: number): FrameEnd {
  const [high, low] = [Math.floor(bzip2Mark / 2 ** 24), bzip2Mark % 2 ** 24];
  // The last 48 bits, in two halves: numbers of 32 bits are what shifts are quick on.
  let [left, right] = [0, 0];
  for (let at = start + 4; ; ) {
    const piece = file.at(at, pieceBytes);
    if (piece.length === 0) return cut('bzip2', file.length);
    for (const [index, byte] of piece.entries()) {
      for (let bit = 7; bit >= 0; bit -= 1) {
        left = ((left << 1) | (right >> 23)) & 0xffffff;
        right = ((right << 1) | ((byte >> bit) & 1)) & 0xffffff;
        if (right !== low || left !== high) continue;
        // The sum of 32 bits, and what is left of the last byte.
        const end = at + index + 1 + Math.ceil((32 - bit) / 8);
        return end <= file.length ? end : cut('bzip2', file.length);
      }
    }
    at += piece.length;
  }
}

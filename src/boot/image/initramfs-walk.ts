import { finished } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { type Listed, listed, NoHeader } from '../../ramdisk/cpio.ts';
import { numberAt } from './bytes.ts';
import { type Compression, compressionOf } from './compression.ts';
import type { OpenFile } from './file.ts';
import { unlz4 } from './lz4.ts';
import { Unpackable, unpackedBy } from './unpack.ts';

/** What is wrong with an initramfs, as the rest of a sentence that begins with its name. */
export class Damage extends Error {}

/** A piece of an initramfs: the kernel unpacks them one after another, each compressed in its own way. */
export interface Segment {
  readonly compression: Compression['name'] | 'none';
  readonly offset: number;
  /** The host has no program for it: what is in it is not known. */
  readonly opaque?: true;
}

/** An entry of an initramfs, with the segment that it is in. */
export interface WalkedEntry extends Listed {
  readonly segment: Segment;
}

/** Enough for a script's first line, a symlink's target, and an ELF program's headers. */
const headBytes = 4096;
const pieceBytes = 256 * 1024;

/**
 * Every entry of an initramfs, as the kernel comes by them; `segments` gets each segment as it begins, and `take` its content,
 * uncompressed, in pieces.
 *
 * @throws Damage when a segment is cut or damaged. What follows the last one and is none, the kernel passes over.
 * @see init/initramfs.c, unpack_to_rootfs
 */
export async function* entriesOf(
  file: OpenFile,
  segments: Segment[],
  take: (piece: Uint8Array) => void = () => undefined,
): AsyncGenerator<WalkedEntry> {
  for (let offset = 0; ; ) {
    offset = afterZeros(file, offset);
    const head = file.at(offset, 6);
    const compression = compressionOf(head);
    const plain = Buffer.from(head.subarray(0, 5)).toString('latin1') === '07070';
    if (!plain && compression === undefined) return;
    const segment: Segment = { compression: compression?.name ?? 'none', offset };
    const source = plain ? plainSource(file, offset) : await packed(file, offset, compression as Compression);
    segments.push(source === undefined ? { ...segment, opaque: true } : segment);
    if (source === undefined) return;
    try {
      const content = plain ? source.pieces : told(source.pieces, take);
      for await (const entry of listed(content, headBytes)) yield { ...entry, segment };
    } catch (error) {
      // Microcode comes first in an archive of its own, uncompressed; what is behind it is compressed.
      if (plain && error instanceof NoHeader && error.complete) {
        take(file.at(offset, error.offset));
        offset += error.offset;
        continue;
      }
      throw damage(error, segment);
    }
    if (plain) take(file.at(offset, file.length - offset));
    offset = await source.end();
  }
}

async function* told(source: AsyncIterable<Uint8Array>, take: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    take(piece);
    yield piece;
  }
}

/** One segment's content, and where it ends in the file, which is known when all is read. */
interface Source {
  readonly pieces: AsyncIterable<Uint8Array>;
  end(): number | Promise<number>;
}

function plainSource(file: OpenFile, offset: number): Source {
  return { pieces: pieces(file, offset), end: () => file.length };
}

async function packed(file: OpenFile, offset: number, compression: Compression): Promise<Source | undefined> {
  if (compression.name === 'gzip') return gzip(file, offset);
  if (compression.name === 'lz4') {
    try {
      return { pieces: only(unlz4(file.at(offset, file.length - offset))), end: () => file.length };
    } catch (error) {
      throw damage(error, { compression: 'lz4', offset });
    }
  }
  const source = unpackedBy(compression, pieces(file, offset));
  return source === undefined ? undefined : { pieces: source, end: () => file.length };
}

/** One member, as the kernel takes it: what follows is another segment. @see RFC 1952 */
function gzip(file: OpenFile, offset: number): Source {
  const begin = offset + gzipHeaderBytes(file, offset);
  const inflate = createInflateRaw();
  const source = pieces(file, begin);
  let [sum, bytes] = [0, 0];
  const feeding = feed(source, inflate);
  return {
    pieces: (async function* () {
      for await (const piece of inflate) {
        sum = crc32(piece, sum);
        bytes += piece.length;
        yield piece;
      }
      await feeding;
      const trailer = begin + inflate.bytesWritten;
      if (numberAt(file, trailer, 4) === undefined || numberAt(file, trailer + 4, 4) === undefined) {
        throw new Damage('its gzip data is cut');
      }
      if (numberAt(file, trailer, 4) !== sum || numberAt(file, trailer + 4, 4) !== bytes % 2 ** 32) {
        throw new Damage('the checksum of its gzip data is not that of its bytes');
      }
    })(),
    end: () => begin + inflate.bytesWritten + 8,
  };
}

async function feed(source: AsyncIterable<Uint8Array>, inflate: ReturnType<typeof createInflateRaw>): Promise<void> {
  const over = finished(inflate, { writable: false }).catch(() => undefined);
  for await (const piece of source) {
    // It takes nothing more once the compressed data has ended.
    if (inflate.readableEnded || inflate.destroyed) return;
    if (!inflate.write(piece)) await Promise.race([new Promise((resolve) => inflate.once('drain', resolve)), over]);
  }
  inflate.end();
}

function gzipHeaderBytes(file: OpenFile, offset: number): number {
  const flags = file.at(offset + 3, 1)[0] ?? 0;
  let at = offset + 10;
  if ((flags & 4) !== 0) at += 2 + (numberAt(file, at, 2) ?? 0);
  // The name and the comment end with NUL.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const length = file.at(at, 65_536).indexOf(0);
    if (length < 0) throw new Damage('is cut or damaged: its gzip header does not end');
    at += length + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at - offset;
}

async function* pieces(file: OpenFile, start: number): AsyncGenerator<Uint8Array> {
  for (let at = start; ; ) {
    const piece = file.at(at, pieceBytes);
    if (piece.length === 0) return;
    yield piece;
    at += piece.length;
  }
}

async function* only(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}

/** Where the zeros end that may lie between segments. */
function afterZeros(file: OpenFile, offset: number): number {
  for (let at = offset; ; ) {
    const part = file.at(at, 65_536);
    if (part.length === 0) return at;
    const first = part.findIndex((byte) => byte !== 0);
    if (first >= 0) return at + first;
    at += part.length;
  }
}

function damage(error: unknown, { compression, offset }: Segment): Damage {
  if (error instanceof Damage) return error;
  const known = error instanceof RangeError || error instanceof Unpackable || (error instanceof Error && 'code' in error);
  if (!known) throw error;
  const where = compression === 'none' ? '' : `${compression}-compressed archive`;
  const place = offset === 0 ? where : `${where || 'archive'} at byte ${offset}`;
  return new Damage(`is cut or damaged${place === '' ? '' : ` in its ${place}`}: ${error.message}`);
}

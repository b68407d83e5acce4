import { finished } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { EulabError } from '../../errors.ts';
import type { Pieces } from '../reader.ts';
import { type Bytes, numberAt } from './bytes.ts';
import { type Compression, compressionOf } from './compression.ts';
import { frameEnd } from './frame-end.ts';
import { unlz4 } from './lz4.ts';
import { unpackedBy } from './unpack.ts';

/** What is wrong with an initramfs, as the rest of a sentence that begins with its name. */
export class Damage extends EulabError {}

/** A piece of an initramfs: the kernel unpacks them one after another, each compressed in its own way. */
export interface Segment {
  readonly compression: Compression['name'] | 'none';
  /** Where it begins in the file. */
  readonly offset: number;
  /** The host has no program for it: what is in it is not known. */
  readonly opaque?: true;
}

/** One segment's content, and where it ends in the file, which is known when all is read. */
export interface Source {
  readonly segment: Segment;
  readonly pieces: Pieces;
  /** Undefined when only the reading of the content tells: an archive that is not compressed. */
  end(): number | undefined;
}

const pieceBytes = 256 * 1024;
/** Where something was passed over, a header comes next, and perhaps the beginning of a program. */
const firstBytes = 8 * 1024;

/** The segment that begins at an offset; undefined when nothing begins there that the kernel knows. @throws Damage */
export function segmentAt(file: Bytes, offset: number): Source | undefined {
  const head = file.at(offset, 6);
  // What is not at a multiple of four is no header to the kernel.
  if (head[0] === 0x30 && offset % 4 === 0) {
    return {
      segment: { compression: 'none', offset },
      pieces: pieces(file, offset, file.length),
      end: () => undefined,
    };
  }
  const compression = compressionOf(head);
  if (compression === undefined) return undefined;
  const segment = { compression: compression.name, offset };
  if (compression.name === 'gzip') return gzip(file, segment);
  const end = frameEnd(file, compression.name, offset);
  if (typeof end === 'string') throw damage(new RangeError(end), segment);
  if (compression.name === 'lz4') return { segment, pieces: unlz4({ length: end, at: file.at }, offset), end: () => end };
  const unpacked = unpackedBy(compression, pieces(file, offset, end));
  return unpacked === undefined
    ? { segment: { ...segment, opaque: true }, pieces: nothing(), end: () => end }
    : { segment, pieces: unpacked, end: () => end };
}

/** One member, as the kernel takes it: what follows is another segment. @see RFC 1952 */
function gzip(file: Bytes, segment: Segment): Source {
  const begin = segment.offset + gzipHeaderBytes(file, segment);
  const inflate = createInflateRaw();
  const source = pieces(file, begin, file.length);
  let [sum, bytes] = [0, 0];
  return {
    segment,
    pieces: (async function* () {
      const feeding = feed(source, inflate);
      try {
        for await (const piece of inflate) {
          sum = crc32(piece, sum);
          bytes += piece.length;
          yield piece;
        }
        await feeding;
      } finally {
        inflate.destroy();
        // Whoever stops early closes the file next.
        await feeding.catch(() => undefined);
      }
      const trailer = begin + inflate.bytesWritten;
      if (numberAt(file, trailer, 4) === undefined || numberAt(file, trailer + 4, 4) === undefined) {
        throw new RangeError('its gzip data is cut');
      }
      if (numberAt(file, trailer, 4) !== sum || numberAt(file, trailer + 4, 4) !== bytes % 2 ** 32) {
        throw new RangeError('the checksum of its gzip data is not that of its bytes');
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

function gzipHeaderBytes(file: Bytes, segment: Segment): number {
  const { offset } = segment;
  const flags = file.at(offset + 3, 1)[0] ?? 0;
  let at = offset + 10;
  if ((flags & 4) !== 0) at += 2 + (numberAt(file, at, 2) ?? 0);
  // The name and the comment end with NUL.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const length = file.at(at, 65_536).indexOf(0);
    if (length < 0) throw damage(new RangeError('its gzip header does not end'), segment);
    at += length + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at - offset;
}

function pieces(file: Bytes, start: number, end: number): Pieces {
  let at = start;
  let most = pieceBytes;
  return {
    pass(count) {
      const passed = Math.min(count, Math.max(0, end - at));
      at += passed;
      most = firstBytes;
      return passed;
    },
    async *[Symbol.asyncIterator]() {
      while (at < end) {
        const piece = file.at(at, Math.min(most, end - at));
        if (piece.length === 0) return;
        at += piece.length;
        most = Math.min(most * 2, pieceBytes);
        yield piece;
      }
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Where the zeros end that may lie between segments. */
export function afterZeros(file: Bytes, offset: number): number {
  for (let at = offset; ; ) {
    const part = file.at(at, 65_536);
    if (part.length === 0) return at;
    const first = part.findIndex((byte) => byte !== 0);
    if (first >= 0) return at + first;
    at += part.length;
  }
}

/** The error of a segment that cannot be read to its end; what is no damage of the file is thrown as it is. */
export function damage(error: unknown, { compression, offset }: Segment): Damage {
  if (error instanceof Damage) return error;
  const known = error instanceof RangeError || error instanceof EulabError || (error instanceof Error && 'code' in error);
  if (!known) throw error;
  const where = compression === 'none' ? '' : `${compression}-compressed archive`;
  const place = offset === 0 ? where : `${where || 'archive'} at byte ${offset}`;
  return new Damage(`is cut or damaged${place === '' ? '' : ` in its ${place}`}: ${error.message}`, { cause: error });
}

/** The error for what no program of this host unpacks. */
export function opaque(compression: string): Damage {
  return new Damage(`is ${compression}-compressed, and no program here unpacks that`, {
    hint: `apt-get install ${{ lzma: 'xz-utils', xz: 'xz-utils', lzo: 'lzop' }[compression] ?? compression}`,
    exitCode: 3,
  });
}

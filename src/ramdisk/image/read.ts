import { Reader } from '../reader.ts';
import type { Bytes } from './bytes.ts';
import { type Header, headerBytes, longestPath, padding, parseHeader, trailer, typeOf } from './header.ts';
import { nature } from './nature.ts';
import { shown } from './path.ts';
import { afterZeros, Damage, damage, opaque, type Segment, type Source, segmentAt } from './segments.ts';

/** An entry of an initramfs. Its content is there to be read until the next part is asked for. */
export interface ImageEntry extends Header {
  readonly kind: 'entry';
  /** Its place among the image's entries, from 0. */
  readonly ordinal: number;
  readonly segment: Segment;
  /** Where its header begins, in bytes from the start of the segment's unpacked content; of the file when that is not packed. */
  readonly offset: number;
  /** The path as the archive has it, up to the first NUL. */
  readonly path: string;
  /** The same, byte by byte: a name need not be UTF-8. */
  readonly name: Buffer;
  /** Where a symlink leads to, byte by byte; undefined for others, and for one that the kernel passes over. */
  readonly target: Buffer | undefined;
  /** Its content, once. A symlink's is its target, and is read already. */
  content(): AsyncGenerator<Uint8Array>;
}

/** What an image is made of, in its order. */
export type Part =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | ImageEntry
  | (Header & { readonly kind: 'trailer'; readonly segment: Segment; readonly offset: number })
  | {
      readonly kind: 'segment-end';
      readonly segment: Segment;
      /** Where it ends in the file. */
      readonly end: number;
      readonly unpackedBytes: number;
    }
  /** Zeros between segments. */
  | { readonly kind: 'zeros'; readonly offset: number; readonly bytes: number }
  /** What is no segment: the kernel says "invalid magic", and goes on with what it has. */
  | { readonly kind: 'rest'; readonly offset: number; readonly bytes: number };

/**
 * The parts of an initramfs, as the kernel comes by them: newc and crc archives, in segments one after another, each compressed
 * in its own way or not, with zeros between them. `told` gets the unpacked bytes, in pieces.
 *
 * Memory does not grow with what a header says, nor with what is packed: contents come in pieces. The sum of a crc archive's
 * content is checked, whether it is read or not.
 *
 * @throws Damage with the entry's name and offset when something is cut, or no archive.
 * @see init/initramfs.c, unpack_to_rootfs
 */
export async function* readImage(file: Bytes, told?: (piece: Uint8Array, segment: Segment) => void): AsyncGenerator<Part> {
  if (file.length === 0) throw new Damage('is empty');
  const count = { entries: 0 };
  for (let offset = 0, first = true; ; first = false) {
    const start = afterZeros(file, offset);
    if (start > offset) yield { kind: 'zeros', offset, bytes: start - offset };
    if (start >= file.length) return;
    const source = segmentAt(file, start);
    if (source === undefined) {
      if (first) throw stranger(file);
      yield { kind: 'rest', offset: start, bytes: file.length - start };
      return;
    }
    const { segment } = source;
    yield { kind: 'segment', segment };
    const reader = new Reader(source.pieces, told && ((piece) => told(piece, segment)));
    try {
      if (segment.opaque !== true) yield* entriesIn(reader, source, count);
    } catch (error) {
      throw damage(error, segment);
    } finally {
      await reader.close();
    }
    offset = source.end() ?? start + reader.offset;
    yield { kind: 'segment-end', segment, end: offset, unpackedBytes: reader.offset };
  }
}

/** The entries of an image alone. @throws Damage as `readImage` */
export async function* entriesOf(file: Bytes): AsyncGenerator<ImageEntry> {
  for await (const part of readImage(file)) {
    if (part.kind === 'segment' && part.segment.opaque === true) throw opaque(part.segment.compression);
    if (part.kind === 'entry') yield part;
  }
}

async function* entriesIn(reader: Reader, { segment, end }: Source, count: { entries: number }): AsyncGenerator<Part> {
  const plain = segment.compression === 'none';
  const base = plain ? segment.offset : 0;
  for (let first = true; ; first = false) {
    const next = await reader.skipZeros();
    const offset = base + reader.offset;
    if (next === undefined) return;
    if (next !== 0x30 || offset % 4 !== 0) {
      // Behind an archive that is not compressed, something else may begin.
      if (plain && !first && end() === undefined) return;
      throw new RangeError(next === 0x30 ? `the header at offset ${offset} is not at a multiple of four` : noHeader(offset));
    }
    const head = await reader.take(headerBytes);
    const header = parseHeader(head);
    if (header === undefined) throw new RangeError(head.length < headerBytes ? cutAt(offset) : badHeader(head, offset));
    if (header.nameBytes < 1 || header.nameBytes > longestPath)
      throw new RangeError(`the name at offset ${offset} has ${header.nameBytes} bytes`);
    const nameBytes = header.nameBytes + padding(headerBytes + header.nameBytes);
    const whole = await reader.take(nameBytes);
    if (whole.length < nameBytes) throw new RangeError(cutAt(offset));
    if (whole[header.nameBytes - 1] !== 0) throw new RangeError(`the name at offset ${offset} does not end with NUL`);
    // A copy: it is kept longer than the piece that it came in.
    const name = Buffer.from(whole.subarray(0, whole.indexOf(0)));
    if (name.toString('latin1') === trailer) {
      const { rest } = contentOf({ reader, segment }, header, () => `its end mark, at offset ${offset}`);
      await rest();
      yield { ...header, kind: 'trailer', segment, offset };
      continue;
    }
    const path = name.toString();
    const { content, rest } = contentOf({ reader, segment }, header, () => `${shown(path)}, at offset ${offset}`);
    const link = typeOf(header.mode) === 'symlink' && header.size <= longestPath;
    const target = link ? await gathered(content) : undefined;
    const { entries: ordinal } = count;
    // Not a spread: that takes as long as all the rest.
    yield Object.assign(header, { kind: 'entry' as const, ordinal, segment, offset, path, name, target, content });
    count.entries += 1;
    await rest();
  }
}

/** The content behind a header, and what passes over as much of it as nobody read, checks its sum, and its padding. */
function contentOf(
  { reader, segment }: { reader: Reader; segment: Segment },
  { mode, size, format, check }: Header,
  what: () => string,
) {
  // Only files have one: what a symlink's is, the programs that write archives do not agree upon.
  const summed = format === 'crc' && typeOf(mode) === 'file';
  let [lacking, sum] = [size, 0];
  const content = async function* (): AsyncGenerator<Uint8Array> {
    while (lacking > 0) {
      // Whoever reads it is not in our hands: the error is made here.
      const piece = await reader.piece(lacking).catch((error: unknown) => {
        throw damage(error, segment);
      });
      if (piece === undefined) throw damage(new RangeError(`the archive is cut in ${what()}`), segment);
      lacking -= piece.length;
      if (summed) for (const byte of piece) sum = (sum + byte) >>> 0;
      yield piece;
    }
  };
  const rest = async () => {
    if (summed) for await (const _ of content());
    else if (lacking > 0 && (await reader.pass(lacking)) < lacking) throw new RangeError(`the archive is cut in ${what()}`);
    if (summed && sum !== check) throw new RangeError(`the checksum of ${what()}, is not that of its content`);
    const wanted = padding(size);
    const pad = await reader.take(wanted);
    // The kernel does not miss the padding behind the last entry.
    if (pad.length < wanted && size === 0) throw new RangeError(`the archive is cut in ${what()}`);
  };
  return { content, rest };
}

async function gathered(content: () => AsyncGenerator<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of content()) parts.push(piece);
  return Buffer.concat(parts);
}

const noHeader = (offset: number) => `no newc header at offset ${offset}`;
const cutAt = (offset: number) => `the archive is cut in the entry at offset ${offset}`;

function badHeader(head: Buffer, offset: number): string {
  const magic = head.toString('latin1', 0, 6);
  if (magic === '070707') return `at offset ${offset} is a header of cpio's old form: the kernel takes newc alone (cpio -H newc)`;
  return noHeader(offset);
}

/** The error for a file of another kind. */
export function stranger(file: Bytes): Damage {
  const { what, role } = nature(file);
  const fault = `is no initramfs: neither a cpio archive nor a compressed one, but ${what}`;
  return new Damage(fault, role === 'kernel' ? { hint: 'a kernel is named with --kernel' } : {});
}

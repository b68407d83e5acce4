import { type Bytes, bytesOf, numberAt } from './bytes.ts';

const magic = 0x184c2102;
/** The most that a block unpacks to. @see lib/decompress_unlz4.c */
const blockBytes = 8 * 1024 * 1024;

/**
 * What lz4 data in the legacy frame, the one that Linux reads, unpacks to: from an offset to the end, a block at a time. Pure.
 *
 * The kernel of the lab profile is packed so, and few hosts have a program for it.
 *
 * @throws RangeError when it is no such data, or is cut or damaged.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export async function* unlz4(file: Bytes, start: number): AsyncGenerator<Uint8Array> {
  yield* blocksOf(file, start);
}

/** As `unlz4`, of data in memory, and all at once. */
export function unlz4Whole(data: Uint8Array): Uint8Array {
  return Buffer.concat([...blocksOf(bytesOf(data), 0)]);
}

function* blocksOf(file: Bytes, start: number): Generator<Uint8Array> {
  if (numberAt(file, start, 4) !== magic) throw new RangeError('it is no lz4 data in the legacy frame');
  let at = start + 4;
  while (at < file.length) {
    const bytes = numberAt(file, at, 4);
    if (bytes === undefined) throw new RangeError(`its lz4 data is cut at byte ${at}`);
    at += 4;
    if (bytes === magic) continue;
    if (bytes === 0 || at + bytes > file.length) throw new RangeError(`its lz4 block at byte ${at - 4} has a wrong length`);
    yield block(file.at(at, bytes), at);
    at += bytes;
  }
}

/** One block: sequences of literals and of a match, a piece of what was unpacked before. */
function block(from: Uint8Array, place: number): Uint8Array {
  const damaged = () => new RangeError(`its lz4 block at byte ${place} is damaged`);
  const to = Buffer.allocUnsafe(blockBytes);
  let at = 0;
  let out = 0;
  const length = (nibble: number) => {
    let sum = nibble;
    if (nibble < 15) return sum;
    let byte: number;
    do {
      byte = from[at++] ?? -1;
      if (byte < 0) throw damaged();
      sum += byte;
    } while (byte === 255);
    return sum;
  };
  for (;;) {
    const token = from[at++];
    if (token === undefined) throw damaged();
    const literals = length(token >> 4);
    if (at + literals > from.length || out + literals > to.length) throw damaged();
    // A call costs more than a few bytes.
    if (literals > 24) to.set(from.subarray(at, at + literals), out);
    else for (let index = 0; index < literals; index += 1) to[out + index] = from[at + index] as number;
    at += literals;
    out += literals;
    // The last sequence has no match.
    if (at === from.length) return to.subarray(0, out);
    const back = (from[at] ?? 0) | ((from[at + 1] ?? 0) << 8);
    at += 2;
    const match = length(token & 15) + 4;
    if (back === 0 || back > out || out + match > to.length || at > from.length) throw damaged();
    if (back >= match && match > 32) to.copyWithin(out, out - back, out - back + match);
    // It may reach into what it writes: then it repeats.
    else for (let index = 0; index < match; index += 1) to[out + index] = to[out - back + index] as number;
    out += match;
  }
}

import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import { Gathered } from './gathered.ts';

const deflate = promisify(deflateRaw) as (bytes: Uint8Array, options: object) => Promise<Uint8Array>;

/** As much is compressed at once, by one thread: more gains nothing, and all that are under way are held in memory. */
const blockBytes = 512 * 1024;
/** What deflate can refer back to. */
const windowBytes = 32 * 1024;
/** As many as Node's pool has threads, and some so that none of them waits. */
const mostBlocks = 6;

/**
 * A gzip stream of some pieces, compressed by several threads: one member with one checksum, as any gunzip and the kernel read it.
 * Each block may refer to the end of the one before it and ends on a whole byte, so that the blocks can be put one after another.
 * The same bytes, however they are cut into pieces, give the same stream.
 *
 * @see RFC 1952; pigz(1) works in the same way
 */
export async function* gzip(pieces: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array> {
  let [sum, length] = [0, 0];
  let dictionary: Uint8Array = new Uint8Array(0);
  const waiting: Promise<Uint8Array>[] = [];
  const begin = (block: Uint8Array, last: boolean) => {
    sum = crc32(block, sum);
    length += block.length;
    const options = { level, finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH };
    const work = deflate(block, dictionary.length === 0 ? options : { ...options, dictionary });
    // Its failure is told when its turn comes.
    work.catch(() => undefined);
    waiting.push(work);
    dictionary = block.subarray(-windowBytes);
  };
  // No name and no time: the same bytes give the same file.
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level === constants.Z_BEST_COMPRESSION ? 2 : 0, 3);
  for await (const block of blocks(pieces)) {
    begin(block, false);
    if (waiting.length >= mostBlocks) yield (await waiting.shift()) as Uint8Array;
  }
  begin(new Uint8Array(0), true);
  for (const work of waiting) yield await work;
  const end = Buffer.alloc(8);
  end.writeUInt32LE(sum, 0);
  end.writeUInt32LE(length % 2 ** 32, 4);
  yield end;
}

/** The same bytes in pieces of one size, but for the last. */
async function* blocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gathered = new Gathered(blockBytes);
  for await (const piece of pieces) {
    gathered.put(piece);
    yield* gathered.take();
  }
  const last = gathered.rest();
  if (last.length > 0) yield last;
}

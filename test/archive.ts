import { buffer } from 'node:stream/consumers';
import { bytesOf } from '../src/ramdisk/image/bytes.ts';
import { entriesOf, type ImageEntry } from '../src/ramdisk/image/read.ts';

/** The entries of an archive that comes as a stream. */
export async function* listed(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImageEntry> {
  yield* entriesOf(bytesOf(await buffer(source)));
}

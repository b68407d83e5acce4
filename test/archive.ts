import { buffer } from 'node:stream/consumers';
import { bytesOf } from '../src/ramdisk/image/bytes.ts';
import { entriesOf, type ImageEntry } from '../src/ramdisk/image/read.ts';

/** The entries of an archive that comes as a stream. */
export async function* listed(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImageEntry> {
  yield* entriesOf(bytesOf(await buffer(source)));
}

/** A header as somebody may have written it, and what is behind it. */
export interface RawEntry {
  readonly name: string;
  readonly mode?: number;
  readonly data?: string | Uint8Array;
  /** Other values than the right ones, by the number of the field. */
  readonly fields?: Readonly<Record<number, number>>;
}

/** A newc archive of entries that no honest writer would write. */
export function raw(...entries: readonly RawEntry[]): Buffer {
  const parts = [...entries, { name: 'TRAILER!!!', mode: 0 }].flatMap(
    ({ name, mode = 0o100755, data = '', fields = {} }: RawEntry, index) => {
      const [nameBytes, content] = [Buffer.from(`${name}\0`), Buffer.from(data)];
      const values = [index + 1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, nameBytes.length, 0];
      const header = values.map((value, field) => (fields[field] ?? value).toString(16).padStart(8, '0')).join('');
      return [padded(Buffer.concat([Buffer.from(`070701${header}`), nameBytes])), padded(content)];
    },
  );
  return Buffer.concat(parts);
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

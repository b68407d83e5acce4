/** A file's bytes, read where they are wanted. */
export interface Bytes {
  readonly length: number;
  /** The bytes from `offset` on: `count`, or as many as there are. */
  at(offset: number, count: number): Uint8Array;
}

/** Bytes in memory, read as a file is. */
export function bytesOf(data: Uint8Array): Bytes {
  return { length: data.length, at: (offset, count) => data.subarray(offset, offset + count) };
}

/** The little-endian number of `size` bytes at `offset`; undefined when the file ends before it does. */
export function numberAt(bytes: Bytes, offset: number, size: 1 | 2 | 3 | 4): number | undefined {
  const part = bytes.at(offset, size);
  return part.length < size ? undefined : Buffer.from(part).readUIntLE(0, size);
}

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Up to this size a file is read at once: opening a stream costs more than reading it. */
const wholeBytes = 1024 * 1024;

/** A file's content, opened when it is read: a tree has more files than a process may have open. */
export async function* contents(path: string, size: number): AsyncGenerator<Uint8Array> {
  if (size <= wholeBytes) {
    yield readFileSync(path);
    return;
  }
  const descriptor = openSync(path, 'r');
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(wholeBytes);
      const count = readSync(descriptor, piece, 0, piece.length, null);
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(descriptor);
  }
}

import { closeSync, openSync, readSync } from 'node:fs';
import type { Opened, Stored } from './entry.ts';

const pieceBytes = 1024 * 1024;

/** A file's content, opened when it is read: a tree has more files than a process may have open. */
export function contents(path: string): Stored {
  return {
    open: () => opened(path),
    async *[Symbol.asyncIterator]() {
      using file = opened(path);
      for (;;) {
        const piece = Buffer.allocUnsafeSlow(pieceBytes);
        const count = file.read(piece);
        if (count === 0) return;
        yield piece.subarray(0, count);
      }
    },
  };
}

function opened(path: string): Opened {
  const descriptor = openSync(path, 'r');
  return {
    read: (into) => readSync(descriptor, into, 0, into.length, null),
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

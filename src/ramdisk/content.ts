import { closeSync, openSync, readSync } from 'node:fs';
import type { Opened, Stored } from './entry.ts';

const pieceBytes = 1024 * 1024;

/** A file's content, opened when it is read: a tree has more files than a process may have open. */
export function contents(path: string): Stored {
  return stored(() => {
    const descriptor = openSync(path, 'r');
    return {
      read: (into) => readSync(descriptor, into, 0, into.length, null),
      [Symbol.dispose]: () => closeSync(descriptor),
    };
  });
}

/** What can be opened, as a content. */
export function stored(open: () => Opened): Stored {
  return {
    open,
    async *[Symbol.asyncIterator]() {
      using file = open();
      for (;;) {
        const piece = Buffer.allocUnsafeSlow(pieceBytes);
        const count = file.read(piece);
        if (count === 0) return;
        yield piece.subarray(0, count);
      }
    },
  };
}

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { EulabError, isErrno, status } from '../../errors.ts';
import type { Bytes } from './bytes.ts';

/** An open file. Disposing it closes it. */
export interface OpenFile extends Bytes, Disposable {
  readonly path: string;
  readonly descriptor: number;
  /** Another file, or this one changed, has another identity. */
  readonly identity: string;
}

/** What a file is for. */
export interface Purpose {
  readonly option: string;
  /** The command that makes such a file. */
  readonly maker: string;
}

/** Small pieces share their memory: each of its own costs more than reading it. */
const smallBytes = 16 * 1024;
const roomBytes = 256 * 1024;

/** Opens a file of bytes. @throws EulabError (2) that names it, the option, and how to make the file. */
export function openFile(path: string, { option, maker }: Purpose): OpenFile {
  const refused = (what: string) =>
    new EulabError(`${path} ${what}`, { hint: `make it: ${maker}; or name another with ${option}`, exitCode: status.usage });
  let descriptor: number;
  try {
    // A fifo without a writer would keep us waiting.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw refused('does not exist');
    throw refused(error.code === 'EACCES' ? 'cannot be read: no permission' : `cannot be read (${error.code})`);
  }
  const close = () => closeSync(descriptor);
  let room = Buffer.alloc(0);
  const found = fstatSync(descriptor, { bigint: true });
  if (!found.isFile()) {
    close();
    throw refused(found.isDirectory() ? 'is a folder' : 'is no ordinary file');
  }
  return {
    path,
    descriptor,
    length: Number(found.size),
    identity: [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join('-'),
    at: (offset, count) => {
      if (count > smallBytes) {
        const bytes = Buffer.allocUnsafeSlow(count);
        return bytes.subarray(0, readSync(descriptor, bytes, 0, count, offset));
      }
      if (room.length < count) room = Buffer.allocUnsafeSlow(roomBytes);
      const bytes = room.subarray(0, readSync(descriptor, room, 0, count, offset));
      room = room.subarray(bytes.length);
      return bytes;
    },
    [Symbol.dispose]: close,
  };
}

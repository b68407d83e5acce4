import type { Content, Device, Entry, Owner, Stored } from './entry.ts';
import { Gathered } from './gathered.ts';

/** The file type bits of st_mode. @see inode(7) */
const typeBits: { readonly [Type in Entry['type']]: number } = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
};

const largest = 2 ** 32 - 1;
/** PATH_MAX: what is longer the kernel passes over without a word. */
const longestPath = 4096;
const trailer = 'TRAILER!!!';

/**
 * Encode entries as an SVR4 "newc" cpio archive, the form the kernel unpacks as initramfs; in pieces, as they come.
 *
 * The same entries give the same bytes: uid and gid are 0 unless given, every mtime is `mtime` (seconds since 1970), inodes
 * count from 1; entries of one hard link share theirs. Header: 6-byte magic + 13 fields of 8 hex digits = 110 bytes; name and data are each padded
 * to 4, the archive to 512. No more than one piece of a file is held at a time. The order is kept: parents must come before
 * what is in them, see tree.ts. A piece that its reader is done with may be put into `spent`, to be filled again.
 *
 * @throws RangeError when a path is absolute, empty, too long, holds NUL, `.` or `..`, a symlink's target is empty or too
 *   long, a number does not fit into its field (a file of 4 GiB), or a file's content is not as long as its size.
 * @see Documentation/driver-api/early-userspace/buffer-format.rst
 */
export async function* newc(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  mtime = 0,
  spent: Uint8Array[] = [],
): AsyncGenerator<Uint8Array> {
  const archive = new Gathered(undefined, spent);
  let inodes = 0;
  const shared = new Map<number, number>();
  const inodeOf = (entry: Entry) => {
    const group = entry.type === 'file' ? entry.link?.group : undefined;
    const inode = (group === undefined ? undefined : shared.get(group)) ?? ++inodes;
    if (group !== undefined) shared.set(group, inode);
    return inode;
  };
  for await (const entry of entries) {
    checkPath(entry.path);
    put(archive, entry.path, fieldsOf(entry, inodeOf(entry), mtime));
    if (entry.type === 'symlink') archive.text(entry.target);
    if (entry.type === 'file') yield* content(archive, entry.path, entry.size, entry.data);
    archive.align(4);
    yield* archive.take();
  }
  put(archive, trailer, { inode: 0, mode: 0, owner: root, links: 1, mtime: 0, size: 0, device: noDevice });
  archive.align(512);
  yield* archive.take();
  yield archive.rest();
}

const noDevice: Device = { major: 0, minor: 0 };
const root: Owner = { uid: 0, gid: 0 };

function fieldsOf(entry: Entry, inode: number, mtime: number): Fields {
  return {
    inode,
    mode: typeBits[entry.type] | (entry.mode & 0o7777),
    owner: entry.owner ?? root,
    links: (entry.type === 'file' ? entry.link?.names : undefined) ?? 1,
    mtime,
    size: sizeOf(entry),
    device: entry.type === 'character' || entry.type === 'block' ? entry.device : noDevice,
  };
}

function sizeOf(entry: Entry): number {
  if (entry.type === 'symlink') {
    const bytes = Buffer.byteLength(entry.target);
    const wrong = bytes === 0 || bytes > longestPath || entry.target.includes('\0');
    if (wrong)
      throw new RangeError(
        `${entry.path} leads to ${JSON.stringify(entry.target)}, which is no path of 1 to ${longestPath} bytes`,
      );
    return bytes;
  }
  if (entry.type !== 'file') return 0;
  if (entry.size > largest) throw new RangeError(`${entry.path} is ${entry.size} bytes long; newc holds files below 4 GiB`);
  return entry.size;
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly owner: Owner;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly device: Device;
}

/** Puts the header and the name, padded to 4. */
function put(archive: Gathered, name: string, { inode, mode, owner, links, mtime, size, device }: Fields): void {
  const nameBytes = Buffer.byteLength(name) + 1;
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, mode, owner.uid, owner.gid, links, mtime, size, 0, 0, device.major, device.minor, nameBytes, 0];
  let text = '070701';
  for (const field of fields) {
    if (!Number.isInteger(field) || field < 0 || field > largest)
      throw new RangeError(`${name} has a number that does not fit into its header: ${fields.join(' ')}`);
    text += field === 0 ? '00000000' : field.toString(16).padStart(8, '0').toUpperCase();
  }
  archive.text(`${text}${name}\0`);
  archive.align(4);
}

/** Puts a file's content, and hands out the pieces that it fills. */
async function* content(archive: Gathered, path: string, size: number, data: Content): AsyncGenerator<Uint8Array> {
  let seen = 0;
  if (data instanceof Uint8Array) {
    seen = data.length;
    if (seen === size) archive.put(data);
  } else if ('open' in data) {
    seen = yield* stored(archive, size, data);
  } else {
    for await (const piece of data) {
      seen += piece.length;
      if (seen > size) break;
      archive.put(piece);
      yield* archive.take();
    }
  }
  if (seen !== size) throw new RangeError(`${path} was said to be ${size} bytes long and has ${seen > size ? 'more' : seen}`);
}

/** As `content`, read right to its place; returns how many bytes there were, as far as that matters. */
function* stored(archive: Gathered, size: number, data: Stored): Generator<Uint8Array, number> {
  using file = data.open();
  let seen = 0;
  for (;;) {
    const room = archive.room();
    const count = file.read(room);
    seen += count;
    if (seen > size) return seen;
    archive.wrote(count);
    // Less than was asked for is the end of a file.
    if (count < room.length && seen === size) return seen;
    if (count === 0) return seen;
    yield* archive.take();
  }
}

function checkPath(path: string): void {
  const wrong = path.includes('\0') || path.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (wrong)
    throw new RangeError(
      `${JSON.stringify(path)} is no path for an archive: it must be relative and without empty, . or .. parts`,
    );
  if (path === trailer) throw new RangeError(`${JSON.stringify(path)} is no path for an archive: it is the mark of its end`);
  if (Buffer.byteLength(path) >= longestPath)
    throw new RangeError(`${path.slice(0, 40)}... is no path for an archive: it must have less than ${longestPath} bytes`);
}

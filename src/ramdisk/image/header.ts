/** The 110 bytes in front of each entry: a magic number, and 13 fields of 8 hexadecimal digits. */
export interface Header {
  /** newc, or crc: the same with a sum of the content's bytes. */
  readonly format: 'newc' | 'crc';
  readonly inode: number;
  /** st_mode: type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly size: number;
  /** Of the file system that it was on: with the inode, what hard links are known by. */
  readonly device: { readonly major: number; readonly minor: number };
  /** What it is the node of, for a device. */
  readonly node: { readonly major: number; readonly minor: number };
  /** With the NUL at its end. */
  readonly nameBytes: number;
  /** The sum of all bytes of the content, in crc archives. */
  readonly check: number;
}

export const headerBytes = 110;
/** The mark at an archive's end. */
export const trailer = 'TRAILER!!!';
/** PATH_MAX: the kernel passes over what is longer. */
export const longestPath = 4096;

/** The fields in their order, by the names that the kernel's document has for them. */
export const fieldNames = [
  'c_ino',
  'c_mode',
  'c_uid',
  'c_gid',
  'c_nlink',
  'c_mtime',
  'c_filesize',
  'c_maj',
  'c_min',
  'c_rmaj',
  'c_rmin',
  'c_namesize',
  'c_chksum',
] as const;

/**
 * What a header says; undefined when it is none. Pure.
 *
 * @see Documentation/driver-api/early-userspace/buffer-format.rst
 */
export function parseHeader(bytes: Uint8Array): Header | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (!/^07070[12][0-9A-Fa-f]{104}$/.test(text)) return undefined;
  const field = (index: number) => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  return {
    format: text[5] === '1' ? 'newc' : 'crc',
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    size: field(6),
    device: { major: field(7), minor: field(8) },
    node: { major: field(9), minor: field(10) },
    nameBytes: field(11),
    check: field(12),
  };
}

/** How many bytes lie behind so many, up to the next multiple of four. */
export function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}

export type FileType = 'fifo' | 'character' | 'directory' | 'block' | 'file' | 'symlink' | 'socket' | 'unknown';

const types: Readonly<Record<number, FileType>> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'symlink',
  12: 'socket',
};

/** @see inode(7) */
export function typeOf(mode: number): FileType {
  return types[(mode >> 12) & 0xf] ?? 'unknown';
}

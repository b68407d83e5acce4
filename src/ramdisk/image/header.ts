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
const magic = Buffer.from('07070');
/** The value of each byte that is a hexadecimal digit; -1 for others. */
const digits = new Int8Array(256).fill(-1);
for (const [value, text] of [...'0123456789abcdef'].entries()) {
  digits[text.charCodeAt(0)] = value;
  digits[text.toUpperCase().charCodeAt(0)] = value;
}
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
  if (bytes.length < headerBytes) return undefined;
  for (let at = 0; at < 5; at += 1) if (bytes[at] !== magic[at]) return undefined;
  if (bytes[5] !== 0x31 && bytes[5] !== 0x32) return undefined;
  const fields: number[] = [];
  for (let at = 6; at < headerBytes; at += 8) {
    let value = 0;
    for (let index = at; index < at + 8; index += 1) {
      const digit = digits[bytes[index] ?? 0] ?? -1;
      if (digit < 0) return undefined;
      value = value * 16 + digit;
    }
    fields.push(value);
  }
  const field = (index: number) => fields[index] as number;
  return {
    format: bytes[5] === 0x31 ? 'newc' : 'crc',
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

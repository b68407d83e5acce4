import { crc32, gzipSync } from 'node:zlib';

/** What of a bzImage differs from the ordinary. */
export interface Image {
  /** Compressed data; followed by its length unpacked unless it is gzip's, which ends with that. */
  readonly payload?: Uint8Array;
  readonly version?: string;
  /** With the header of an EFI program, for a signature. */
  readonly efi?: true;
  /** Changes made before the checksum is written. */
  readonly change?: (bytes: Buffer) => void;
}

export const setupBytes = 3 * 512;
/** Where the compressed kernel lies. */
export const payloadAt = setupBytes + 256;
const efiAt = 0x80;

/** The smallest file that has all that a bzImage for x86-64 has, but for a kernel that runs. */
export function bzImage({
  payload = gzipSync(Buffer.alloc(5000, 'kernel')),
  version = '6.1.192-lab',
  efi,
  change,
}: Image = {}): Buffer {
  const end = Math.ceil((payloadAt + payload.length + 64) / 16) * 16;
  const bytes = Buffer.alloc(end);
  bytes[0x1f1] = 2;
  bytes.writeUInt32LE((end - setupBytes) / 16, 0x1f4);
  bytes.writeUInt16LE(0xaa55, 0x1fe);
  bytes.write('HdrS', 0x202);
  bytes.writeUInt16LE(0x020f, 0x206);
  bytes.writeUInt16LE(0x300, 0x20e);
  bytes.write(`${version} (someone@somewhere) #1 SMP\0`, 0x500);
  bytes.writeUInt16LE(1, 0x236);
  bytes.writeUInt32LE(2047, 0x238);
  bytes.writeUInt32LE(payloadAt - setupBytes, 0x248);
  bytes.writeUInt32LE(payload.length, 0x24c);
  bytes.writeBigUInt64LE(0x1000000n, 0x258);
  bytes.writeUInt32LE(0x800000, 0x260);
  bytes.set(payload, payloadAt);
  if (efi) {
    bytes.write('MZ', 0);
    bytes.writeUInt32LE(efiAt, 0x3c);
    bytes.write('PE\0\0', efiAt);
  }
  change?.(bytes);
  // As the kernel's build tool has it: without the inversion at the end.
  bytes.writeUInt32LE((crc32(bytes.subarray(0, -4)) ^ 0xffffffff) >>> 0, end - 4);
  return bytes;
}

/** A bzImage as a distribution signs it: the EFI header's checksum, the place of the signature, and the signature. */
export function signed(image: Buffer): Buffer {
  const bytes = Buffer.concat([image, Buffer.alloc(1472, 0x30)]);
  bytes.writeUInt32LE(0x00d8d44c, efiAt + 24 + 64);
  bytes.writeUInt32LE(image.length, efiAt + 24 + 112 + 32);
  bytes.writeUInt32LE(1472, efiAt + 24 + 112 + 36);
  return bytes;
}

/** A segment of an ELF file. */
export interface Segment {
  readonly type: number;
  readonly data: Buffer;
}

/** A 64-bit ELF file for a machine (62 is x86-64), with these segments; kind 2 is a program, 1 an object, 4 a core. */
export function elf(machine: number, segments: readonly Segment[] = [], kind = 2): Buffer {
  const head = Buffer.alloc(64 + 56 * segments.length);
  head.write('7f454c46020101', 'hex');
  head.writeUInt16LE(kind, 16);
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(segments.length, 56);
  let offset = head.length;
  for (const [index, { type, data }] of segments.entries()) {
    const at = 64 + 56 * index;
    head.writeUInt32LE(type, at);
    head.writeBigUInt64LE(BigInt(offset), at + 8);
    head.writeBigUInt64LE(0x1000000n, at + 24);
    head.writeBigUInt64LE(BigInt(data.length), at + 32);
    head.writeBigUInt64LE(BigInt(data.length), at + 40);
    offset += data.length;
  }
  return Buffer.concat([head, ...segments.map(({ data }) => data)]);
}

/** One note of an ELF file's PT_NOTE segment (4). */
export function note(name: string, type: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length + 1, 0);
  head.writeUInt32LE(data.length, 4);
  head.writeUInt32LE(type, 8);
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  return Buffer.concat([head, padded(Buffer.from(`${name}\0`)), padded(Buffer.from(data))]);
}

export const pvhNote = note('Xen', 18, Buffer.alloc(8));

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Machine code for x86-64, as bytes in hex. */
export const code = (hex: string) => Buffer.from(hex.replaceAll(/[^0-9a-f]/g, ''), 'hex');

/** A static ELF program for x86-64 that is nothing but this code. @see elf(5) */
export function elf(text: Buffer, machine = 62): Buffer {
  const head = Buffer.alloc(120);
  const base = 0x400000;
  head.write('7f454c4602010100', 0, 'hex');
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(base + head.length), 24);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  head.writeBigUInt64LE(BigInt(base), 80);
  head.writeBigUInt64LE(BigInt(base), 88);
  head.writeBigUInt64LE(BigInt(head.length + text.length), 96);
  head.writeBigUInt64LE(BigInt(head.length + text.length), 104);
  head.writeBigUInt64LE(4096n, 112);
  return Buffer.concat([head, text]);
}

/** The symbols of a kernel, by name, with their addresses. */
export function symbols(kernel: string): Map<string, bigint> {
  const lines = readFileSync(join(kernel, 'System.map'), 'latin1').split('\n');
  return new Map(lines.map((line) => [line.slice(19), BigInt(`0x${line.slice(0, 16) || 0}`)]));
}

/** A call of a kernel function from the code at `at`, with up to two arguments that are numbers or addresses. */
export function call(at: bigint, to: bigint, ...args: readonly bigint[]): Buffer {
  const loads = args.map((arg, index) => {
    const load = Buffer.from(index === 0 ? '48c7c700000000' : '48c7c600000000', 'hex');
    load.writeInt32LE(Number(BigInt.asIntN(32, arg)), 3);
    return load;
  });
  const before = Buffer.concat(loads);
  const jump = Buffer.from('e800000000', 'hex');
  jump.writeInt32LE(Number(BigInt.asIntN(64, to - (at + BigInt(before.length) + 5n))), 1);
  return Buffer.concat([before, jump]);
}

/**
 * Writes the kernel's vmlinux to `file` with other code in one of its functions. A call for ftrace at the beginning of the
 * function is left alone: the kernel itself writes there.
 */
function patched(kernel: string, name: string, make: Buffer | ((at: bigint) => Buffer), file: string): string {
  const image = readFileSync(join(kernel, 'vmlinux'));
  const start = symbols(kernel).get(name);
  if (start === undefined) throw new Error(`the kernel in ${kernel} has no ${name}`);
  const traced = image[offset(image, start)] === 0xe8 ? 5n : 0n;
  const bytes = typeof make === 'function' ? make(start + traced) : make;
  bytes.copy(image, offset(image, start + traced));
  writeFileSync(file, image);
  return file;
}

/** A kernel for a row of the table: `patched`, in the row's folder. */
export const patchedIn =
  (kernel: string, name: string, make: Buffer | ((at: bigint) => Buffer)) =>
  (folder: string): string =>
    patched(kernel, name, make, join(folder, 'vmlinux'));

/** Where in an ELF file an address lies. */
function offset(image: Buffer, address: bigint): number {
  const [table, size, count] = [Number(image.readBigUInt64LE(32)), image.readUInt16LE(54), image.readUInt16LE(56)];
  for (let header = table; header < table + size * count; header += size) {
    const [type, from] = [image.readUInt32LE(header), image.readBigUInt64LE(header + 16)];
    const inside = address - from;
    if (type === 1 && inside >= 0n && inside < image.readBigUInt64LE(header + 32)) {
      return Number(image.readBigUInt64LE(header + 8) + inside);
    }
  }
  throw new Error(`no segment has the address ${address.toString(16)}`);
}

/** The program of an image that has nothing else: exit(0) for the architecture, as machine code in hex. */
const programs: Readonly<Record<string, { readonly machine: number; readonly code: string }>> = {
  // mov $60, %eax; xor %edi, %edi; syscall
  x64: { machine: 62, code: 'b83c00000031ff0f05' },
  // mov x8, #93; mov x0, #0; svc #0
  arm64: { machine: 183, code: 'a80b80d2000080d2010000d4' },
};

const headerBytes = 64;
const programBytes = 56;
const base = 0x400000;

/**
 * A static ELF program of some 130 bytes that ends with 0 at once; undefined for an architecture that it is not written for. As
 * /bin/sh it makes an image in which `RUN true` can be tried without any other. Pure; `arch` as Node's `process.arch`.
 *
 * @see elf(5)
 */
export function tinyProgram(arch: string): Uint8Array | undefined {
  const program = programs[arch];
  if (program === undefined) return undefined;
  const code = Buffer.from(program.code, 'hex');
  const start = headerBytes + programBytes;
  const image = Buffer.alloc(start + code.length);
  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  image.writeUInt16LE(2, 16); // ET_EXEC
  image.writeUInt16LE(program.machine, 18);
  image.writeUInt32LE(1, 20);
  image.writeBigUInt64LE(BigInt(base + start), 24);
  image.writeBigUInt64LE(BigInt(headerBytes), 32);
  for (const [index, value] of [headerBytes, programBytes, 1].entries()) image.writeUInt16LE(value, 52 + index * 2);
  image.writeUInt32LE(1, headerBytes); // PT_LOAD
  image.writeUInt32LE(5, headerBytes + 4); // read, execute
  image.writeBigUInt64LE(BigInt(base), headerBytes + 16);
  image.writeBigUInt64LE(BigInt(base), headerBytes + 24);
  image.writeBigUInt64LE(BigInt(image.length), headerBytes + 32);
  image.writeBigUInt64LE(BigInt(image.length), headerBytes + 40);
  image.writeBigUInt64LE(0x1000n, headerBytes + 48);
  image.set(code, start);
  return image;
}

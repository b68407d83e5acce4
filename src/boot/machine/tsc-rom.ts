import { type Instruction, rom } from './rom.ts';

/**
 * A 64 KiB firmware image that answers each byte on the first serial port with the CPU's time-stamp counter: 8 bytes,
 * little-endian. Pure. The code is loaded at 0xffffff00; the CPU starts at 0xfffffff0, in 16-bit mode.
 *
 * @see Intel SDM volume 2, RDTSC; volume 3, 9.1.4 "First Instruction Executed"
 */
export function tscRom(): Uint8Array {
  return rom(code);
}

const code: readonly Instruction[] = [
  ['fa', 'cli'],
  ['bafd03', '1: mov $0x3fd, %dx          line status'],
  ['ec', '2: in %dx, %al'],
  ['a801', 'test $1, %al                a byte is there'],
  ['74fb', 'jz 2b'],
  ['baf803', 'mov $0x3f8, %dx'],
  ['ec', 'in %dx, %al'],
  ['0f31', 'rdtsc'],
  ['6689d1', 'mov %edx, %ecx'],
  ['6689c3', 'mov %eax, %ebx'],
  ['baf803', 'mov $0x3f8, %dx'],
  ...Array.from({ length: 4 }, () => ['88d8ee66c1eb08', 'mov %bl, %al; out %al, %dx; shr $8, %ebx'] as const),
  ...Array.from({ length: 4 }, () => ['88c8ee66c1e908', 'mov %cl, %al; out %al, %dx; shr $8, %ecx'] as const),
  ['ebaf', 'jmp 1b'],
];

import { type Instruction, rom } from './rom.ts';

/** What the probe guest writes to the debug-exit port; QEMU then ends with status (value << 1) | 1. */
export const probeStatus = (42 << 1) | 1;

/** How long a working KVM may take: it needs some 50 ms with QEMU's own start, one that emulates tens of seconds. */
export const probeLimitMs = 1000;

/**
 * A 64 KiB firmware image that proves that a guest really runs: it enters protected mode, counts ten million down,
 * writes to memory and reads it back, and leaves 42 in I/O port 0xf4 (QEMU's isa-debug-exit).
 *
 * The count is what tells: there are hosts where every KVM call succeeds but the kernel emulates each instruction, a
 * thousand times slower than QEMU itself would, and a guest seems to hang. A CPU does the count in a few milliseconds.
 *
 * Pure. The code is loaded at 0xffffff00; the CPU starts at 0xfffffff0.
 *
 * @see Intel SDM volume 3, 9.1.4 "First Instruction Executed"; QEMU's hw/misc/debugexit.c
 */
export function probeRom(): Uint8Array {
  return rom(code);
}

const code: readonly Instruction[] = [
  ['fa', 'cli'],
  ['2e660f011658ff', 'lgdtl %cs:0xff58'],
  ['0f20c0', 'mov %cr0, %eax'],
  ['0c01', 'or $1, %al'],
  ['0f22c0', 'mov %eax, %cr0'],
  ['66ea18ffffff0800', 'ljmpl $8, $0xffffff18    32-bit code from here'],
  ['66b81000', 'mov $16, %ax'],
  ['8ed8', 'mov %ax, %ds'],
  ['b980969800', 'mov $10000000, %ecx'],
  ['49', '1: dec %ecx'],
  ['75fd', 'jnz 1b'],
  ['bb0d600000', 'mov $0x600d, %ebx'],
  ['891d00100000', 'mov %ebx, 0x1000'],
  ['a100100000', 'mov 0x1000, %eax'],
  ['2de35f0000', 'sub $0x5fe3, %eax        0x600d - 0x5fe3 = 42'],
  ['e6f4', 'out %al, $0xf4'],
  ['f4', '2: hlt'],
  ['ebfd', 'jmp 2b'],
  ['0000000000000000', 'gdt: null'],
  ['ffff0000009bcf00', 'code, 4 GiB, 32 bit'],
  ['ffff00000093cf00', 'data, 4 GiB'],
  ['170040ffffff', 'gdtr: limit 23, base 0xffffff40'],
];

import type { ArchName } from '../../architectures.ts';

/** What differs from one architecture to the next. */
export interface Arch {
  readonly name: ArchName;
  /** QEMU's program for it. */
  readonly program: string;
  /** Its name in Node's `process.arch`: KVM runs guests of the host's own architecture only. */
  readonly node: string;
  /** Its machines that eulab knows, the one that is taken first. */
  readonly machines: readonly [string, ...string[]];
  /** The serial console that QEMU's machine has, as the kernel calls it. */
  readonly console: string;
  /** How many bytes of a command line the kernel keeps. */
  readonly cmdlineBytes: number;
}

/**
 * The table of architectures. `cmdlineBytes` is the kernel's COMMAND_LINE_SIZE less its closing NUL.
 *
 * @see arch/x86/include/asm/setup.h, arch/arm64/include/uapi/asm/setup.h, arch/riscv/include/uapi/asm/setup.h
 */
export const archs: Readonly<Record<ArchName, Arch>> = {
  x86_64: {
    name: 'x86_64',
    program: 'qemu-system-x86_64',
    node: 'x64',
    machines: ['q35', 'pc', 'microvm'],
    console: 'ttyS0',
    cmdlineBytes: 2047,
  },
  aarch64: {
    name: 'aarch64',
    program: 'qemu-system-aarch64',
    node: 'arm64',
    machines: ['virt'],
    console: 'ttyAMA0',
    cmdlineBytes: 2047,
  },
  // 512 before Linux 6.0: a longer line would be cut without a word.
  riscv64: {
    name: 'riscv64',
    program: 'qemu-system-riscv64',
    node: 'riscv64',
    machines: ['virt'],
    console: 'ttyS0',
    cmdlineBytes: 511,
  },
};

/** What a kernel file is, as far as its first bytes tell. */
export interface KernelKind {
  readonly arch: ArchName;
  /** bzImage and Image are the kernel's own boot forms; zboot is an EFI program that unpacks itself. */
  readonly form: 'bzImage' | 'ELF' | 'Image' | 'zboot';
}

/** The value of e_machine in an ELF header. @see elf(5) */
const elfMachines: Readonly<Record<number, ArchName>> = { 62: 'x86_64', 183: 'aarch64', 243: 'riscv64' };

/**
 * What kernel these first bytes begin, unpacked where the file is compressed as a whole; undefined for none that we know.
 *
 * Pure. 64 bytes are enough but for a bzImage, whose header stands at 0x1f1.
 *
 * @see Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst, Documentation/arch/x86/boot.rst
 */
export function kernelKind(head: Uint8Array): KernelKind | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const word = (offset: number) => (head.length >= offset + 4 ? view.getUint32(offset) : 0);
  if (word(0) === 0x7f454c46 && head.length >= 20) {
    const arch = elfMachines[view.getUint16(18, head[5] !== 2)];
    return arch === undefined ? undefined : { arch, form: 'ELF' };
  }
  if (word(0x202) === 0x48647253) return { arch: 'x86_64', form: 'bzImage' };
  if (word(0x38) === 0x41524d64) return { arch: 'aarch64', form: 'Image' };
  if (word(0x38) === 0x52534305) return { arch: 'riscv64', form: 'Image' };
  // "zimg" behind "MZ": the rest of the header does not tell for which CPU, the PE header does.
  if (word(4) === 0x7a696d67 && view.getUint16(0) === 0x4d5a) return zboot(view);
  return undefined;
}

function zboot(view: DataView): KernelKind | undefined {
  const pe = view.byteLength >= 0x40 ? view.getUint32(0x3c, true) : 0;
  if (pe + 6 > view.byteLength) return undefined;
  const machine = view.getUint16(pe + 4, true);
  const arch = { 43620: 'aarch64', 20580: 'riscv64' }[machine] as ArchName | undefined;
  return arch === undefined ? undefined : { arch, form: 'zboot' };
}

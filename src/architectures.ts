/** The architectures that eulab builds for and boots, as uname(1) calls them in the guest. */
export type ArchName = 'x86_64' | 'aarch64' | 'riscv64';

/** What everybody knows of an architecture. */
export interface Architecture {
  readonly name: ArchName;
  /** The kernel's and Debian's word for it: what a user says, and the folder of its outputs. */
  readonly word: 'x86_64' | 'arm64' | 'riscv64';
  /** Its folder in the kernel's arch/. */
  readonly folder: 'x86' | 'arm64' | 'riscv';
  /** What the kernel that is booted is called. */
  readonly image: 'bzImage' | 'Image';
  /** What stands before the name of a program that makes something for it; nothing for the usual one. */
  readonly prefix: string;
}

/** All of them, by name. */
export const architectures: Readonly<Record<ArchName, Architecture>> = {
  x86_64: { name: 'x86_64', word: 'x86_64', folder: 'x86', image: 'bzImage', prefix: '' },
  aarch64: { name: 'aarch64', word: 'arm64', folder: 'arm64', image: 'Image', prefix: 'aarch64-linux-gnu-' },
  riscv64: { name: 'riscv64', word: 'riscv64', folder: 'riscv', image: 'Image', prefix: 'riscv64-linux-gnu-' },
};

/** The one that is built for unless another is asked for. */
export const usualArch: ArchName = 'x86_64';

/** The others: what is built for them lies in folders of their own. */
export const foreignArchs: readonly ArchName[] = ['aarch64', 'riscv64'];

/** What a user may say: the word of each, and what else two of them are called. */
export const archWords = ['x86_64', 'arm64', 'riscv64', 'amd64', 'aarch64'] as const;

const others: Readonly<Record<string, ArchName>> = { amd64: 'x86_64', aarch64: 'aarch64' };

/** The architecture that a word stands for; undefined for `auto`, and for what is none. Pure. */
export function archOf(word: string): ArchName | undefined {
  return (
    Object.values(architectures).find((one) => one.word === word)?.name ??
    (Object.hasOwn(others, word) ? others[word] : undefined)
  );
}

/** What compiles a kernel. */
export const toolchains = ['gcc', 'llvm'] as const;

export type Toolchain = (typeof toolchains)[number];

/** What sets the names of what is built apart by architecture and compiler, at their end: nothing for the usual ones. Pure. */
export function variant(arch: ArchName, toolchain: Toolchain): string {
  const words = [...(arch === usualArch ? [] : [architectures[arch].word]), ...(toolchain === 'gcc' ? [] : [toolchain])];
  return words.map((word) => `-${word}`).join('');
}

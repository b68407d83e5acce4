import { guestDied, type Rule } from './rule.ts';

/** What its own setup code and decompressor say of a kernel image; they speak with earlyprintk= alone. */
export const imageRules: readonly Rule[] = [
  {
    name: 'kernel-for-another-cpu',
    lines: [/This kernel requires an (\S+) CPU, but only detected an (\S+) CPU/],
    cause: 'the kernel is for a CPU ($1) that this machine has not ($2)',
    remedy: 'give the machine a 64-bit CPU (no --qemu-arg -cpu with a 32-bit one), or boot a kernel for this one',
    status: guestDied,
  },
  {
    name: 'kernel-needs-cpu-features',
    lines: [/This kernel requires the following features not present on the CPU/],
    after: 1,
    cause: "the kernel was built for features that the machine's CPU has not",
    remedy: 'give it the CPU model that has all: -cpu max; or build with CONFIG_GENERIC_CPU=y',
    status: guestDied,
  },
  {
    name: 'kernel-image-corrupt',
    lines: [
      /(XZ-compressed data is corrupt|Decoding failed|data corrupted|invalid header|(?:uncompression|crc|length|header) error|LZMA data is corrupt|ZSTD-compressed data is (?:probably )?corrupt|Not a gzip file|wrong magic bytes|Kernel is not a valid ELF file|bad gzip magic numbers|ZSTD-compressed data is truncated)/,
      /-- System halted/,
    ],
    cause: 'the kernel image is corrupt: $1',
    remedy: 'copy or build it again: eulab build kernel --force',
    status: guestDied,
  },
];

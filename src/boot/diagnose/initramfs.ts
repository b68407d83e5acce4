import { type Facts, guestDied, type Rule } from './rule.ts';

/** All of the guest's memory in KiB, as the kernel tells it; undefined when it has not. */
function memoryKib({ texts }: Facts): number | undefined {
  const total = texts.map((text) => /Memory: \d+K\/(\d+)K available/.exec(text)?.[1]).find((found) => found !== undefined);
  return total === undefined ? undefined : Number(total);
}

/** Failures of unpacking. The kernel goes on after them, with what it has, and ends for another reason: asked before that one. */
export const initramfsRules: readonly Rule[] = [
  {
    name: 'initramfs-decompressor-missing',
    lines: [/Initramfs unpacking failed: compression method (\S+) not configured/],
    cause: 'the initramfs is compressed with $1, for which the kernel has no decompressor',
    remedy: ([method = '']) =>
      `build a kernel that has it: eulab build kernel --set CONFIG_RD_${method.toUpperCase()}=y; or unpack the file: --initrd takes a bare cpio archive`,
    status: guestDied,
  },
  {
    name: 'initramfs-overwritten',
    lines: [/Initramfs unpacking failed: invalid magic at start of compressed archive/],
    when: (facts) => (memoryKib(facts) ?? Number.POSITIVE_INFINITY) < 40 * 1024,
    cause: 'the memory is so small that the kernel unpacked itself over the initramfs',
    remedy: 'give the guest more memory: --memory 128M',
    status: guestDied,
  },
  {
    name: 'initramfs-crashes-kernel',
    lines: [
      /Unpacking initramfs\.\.\.|Trying to unpack rootfs image as initramfs/,
      /\bunpack_to_rootfs\+0x/,
      /Oops: |Kernel panic - not syncing/,
    ],
    unless: /Initramfs unpacking failed|Freeing initrd memory|out_of_memory/,
    cause: 'the kernel faulted while it unpacked the initramfs: the file is cut or corrupt, and its decompressor does not notice',
    remedy: 'copy it again, or make it again: eulab build ramdisk --force',
    status: guestDied,
  },
  {
    name: 'initramfs-format-unknown',
    lines: [/Initramfs unpacking failed: invalid magic at start of compressed archive/],
    cause: 'the initramfs is neither a cpio archive nor compressed by anything that the kernel knows',
    remedy: 'look at what it is: file INITRD; or make one: eulab build ramdisk',
    status: guestDied,
  },
  {
    name: 'initramfs-not-newc',
    lines: [/Initramfs unpacking failed: incorrect cpio method used/],
    cause: 'the initramfs is a cpio archive of an old form; the kernel reads "newc"',
    remedy: 'pack it with: cpio -o -H newc',
    status: guestDied,
  },
  {
    name: 'initramfs-out-of-memory',
    lines: [/Initramfs unpacking failed: (?:write error|.*[Oo]ut of memory|Could not allocate)|initramfs.*incomplete write/],
    cause: 'what is in the initramfs does not fit into the memory of the guest',
    remedy: 'give it more memory: --memory 1G',
    status: guestDied,
  },
  {
    name: 'initramfs-cut',
    lines: [
      /Initramfs unpacking failed: (.*(?:unexpected EOF|ends unexpectedly|truncated|read error|decompressor failed|no cpio magic))/,
    ],
    cause: 'the initramfs is cut short, or something lies behind its end: $1',
    remedy: 'copy it again, or make it again: eulab build ramdisk --force',
    status: guestDied,
  },
  {
    name: 'initramfs-corrupt',
    lines: [/Initramfs unpacking failed: (.*)/],
    cause: 'the initramfs is corrupt: $1',
    remedy: 'copy it again, or make it again: eulab build ramdisk --force',
    status: guestDied,
  },
];

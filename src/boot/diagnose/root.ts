import { type Facts, guestDied, type Rule, unknown } from './rule.ts';

/** What the kernel was told with a word KEY=VALUE of its command line, as the console has it; undefined without it. */
export function told({ texts }: Pick<Facts, 'texts'>, key: string): string | undefined {
  const line = texts.find((text) => text.includes('Kernel command line: ')) ?? '';
  const words = line.slice(line.indexOf('Kernel command line: ') + 21).split(' ');
  return words.findLast((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
}

/** A kernel without a root file system: no initramfs that starts, and no disk. */
export const rootRules: readonly Rule[] = [
  {
    name: 'init-not-in-initramfs',
    lines: [
      /VFS: Cannot open root device "(?:\(null\))?" or unknown-block\(0,0\)/,
      /Kernel panic - not syncing: VFS: Unable to mount root fs/,
    ],
    when: (facts) => told(facts, 'root') === undefined,
    cause: 'the kernel found no program to start in the initramfs (/init, or what rdinit= names), and root= names no disk',
    remedy: 'make an initramfs that has one: eulab build ramdisk; mend rdinit=, or name a disk: --append root=/dev/vda',
    status: guestDied,
  },
  {
    name: 'root-filesystem-not-in-kernel',
    lines: [
      /VFS: Cannot open root device "([^"]*)" or (\S+): error -19/,
      /Kernel panic - not syncing: VFS: Unable to mount root fs on/,
    ],
    cause: 'the kernel has not got the file system that rootfstype= names for $1',
    remedy: 'leave rootfstype= out, or build a kernel that has it: eulab build kernel --set CONFIG_..._FS=y',
    status: guestDied,
  },
  {
    name: 'root-no-disk',
    lines: [
      /VFS: Cannot open root device "([^"]*)" or unknown-block\((\S+)\): error (-\d+)/,
      /Please append a correct "root=" boot option/,
      /Kernel panic - not syncing: VFS: Unable to mount root fs on/,
    ],
    when: ({ texts }) => {
      const at = texts.findIndex((text) => /Please append a correct "root=" boot option/.test(text));
      return !/\b[0-9a-f]{4} +\d+ \S+/.test(texts[at + 1] ?? '');
    },
    cause: 'the root is to be on $1, but the kernel has no disk at all: none is connected, or it has no driver for it',
    remedy: 'connect one, or build a kernel with the driver: eulab build kernel --set CONFIG_VIRTIO_BLK=y',
    status: guestDied,
  },
  {
    name: 'root-device-missing',
    lines: [
      /VFS: Cannot open root device "([^"]*)" or unknown-block\((\S+)\): error -6/,
      /Kernel panic - not syncing: VFS: Unable to mount root fs on/,
    ],
    after: 6,
    cause: 'the root is to be on $1, and no disk or partition is called so; the lines show those that are there',
    remedy: 'name one of them: --append root=/dev/vda',
    status: guestDied,
  },
  {
    name: 'root-filesystem-damaged',
    lines: [
      /VFS: Cannot open root device "([^"]*)" or (\S+): error (-\d+)/,
      /Kernel panic - not syncing: VFS: Unable to mount root fs on/,
    ],
    before: 3,
    cause: 'the kernel could not mount $1 ($2, error $3): its file system is damaged, or the disk cannot be read',
    remedy: 'check it: e2fsck -n FILE; and whether the file is as long as it was made: ls -l FILE',
    status: guestDied,
  },
  {
    name: 'root-filesystem-unknown',
    after: 5,
    lines: [/No filesystem could mount root, tried:/, /Kernel panic - not syncing: VFS: Unable to mount root fs on (\S+)/],
    before: 4,
    cause: 'the disk of the root ($1) holds no file system that the kernel knows; the lines have those that it tried',
    remedy: 'make one on it (mke2fs -t ext4 FILE), name its partition (root=/dev/vda1), or build a kernel with its driver',
    status: guestDied,
  },
  {
    name: 'root-device-awaited',
    lines: [/Waiting for root device ([^. ]\S*?)\.\.\./],
    when: ({ limit, ready }) => limit !== undefined && ready !== true,
    unless: /Run \S+ as init process/,
    cause: 'the kernel waits for ever (rootwait) for the disk $1, which does not come',
    remedy: 'connect it, mend root=, or leave rootwait out of --append',
    status: unknown,
  },
];

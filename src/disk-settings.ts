import { Option } from 'commander';
import { grouped } from './grouped.ts';
import { collect } from './option-parsers.ts';

/** The settings of disks: a part of the table of settings in config.ts. */
export const diskSettings = {
  ...grouped('Disks and folders:', {
    disk: () =>
      new Option(
        '--disk <disk>',
        "a disk for the guest, /dev/vda and on: a disk's name or a file, with :ro or :snapshot behind it (repeatable)",
      ).argParser(collect),
    root: () => new Option('--root <disk>', 'boot into the file system of this disk, named as for --disk; it is /dev/vda'),
  }),
  diskFormat: () =>
    new Option('--format <format>', 'raw is fastest; qcow2 is small where the host has no sparse files')
      .choices(['raw', 'qcow2'] as const)
      .default('raw' as const),
  diskFs: () => new Option('--fs <fs>', 'the file system on it').choices(['ext4', 'none'] as const).default('ext4' as const),
  diskLabel: () => new Option('--label <label>', "of the file system (default: the disk's name)"),
  diskFrom: () => new Option('--from <path>', 'fill it from a folder, a tarball or an initramfs'),
  diskReplace: () => new Option('--force', 'replace the disk of that name'),
} as const;

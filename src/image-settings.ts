import { Option } from 'commander';
import { diskSize, positive } from './option-parsers.ts';

/** The settings of how one looks into an initramfs: a part of the table of settings in config.ts. */
export const imageSettings = {
  long: () => new Option('-l, --long', 'with type, permissions, links, owner, size and time, as ls -l has them'),
  extractDevices: () => new Option('--devices', 'make device nodes too, which takes root'),
  extractOwners: () => new Option('--owners', 'keep owners and setuid bits, which takes root'),
  packOwners: () => new Option('--owners', 'keep owners'),
  extractForce: () => new Option('--force', 'extract over what is in the folder'),
  maxSize: () =>
    new Option('--max-size <size>', 'extract no more than this, with K, M, G or T')
      .default(8 * 1024 ** 3, '8G')
      .argParser(diskSize),
  headers: () => new Option('--headers', 'show the header of every entry, field by field'),
  top: () => new Option('--top <n>', 'how many files and folders to show').default(20).argParser(positive(100_000)),
  html: () => new Option('--html <file>', 'write a page that shows the files as areas of their size'),
} as const;

import { Option } from 'commander';
import { grouped } from './grouped.ts';
import { collect, parsed } from './option-parsers.ts';
import { compressionSchema } from './ramdisk-values.ts';

/** The settings of what is in an initramfs: a part of the table of settings in config.ts. */
export const additionSettings = {
  ...grouped('Initramfs:', {
    add: () =>
      new Option(
        '--add <src[:dst]>',
        "a file, a folder or a pattern of the host's in the guest, at its own path or at DST; into DST when that ends with / (repeatable)",
      )
        .conflicts('root')
        .argParser(collect),
    overlay: () =>
      new Option('--overlay <folder>', "all that is in a folder, laid over the guest's root (repeatable)")
        .conflicts('root')
        .argParser(collect),
    program: () =>
      new Option(
        '--program <program>',
        "a program of the host's by name or path, with its libraries or its interpreter (repeatable)",
      )
        .conflicts('root')
        .argParser(collect),
    package: () =>
      new Option(
        '--package <package>',
        "a package of Debian's by name, NAME=VERSION or .deb file, with all that it depends on; its scripts do not run (repeatable)",
      )
        .conflicts('root')
        .argParser(collect),
    init: () => new Option('--init <file>', "the guest's first process, instead of eulab's own").conflicts('root'),
    module: () =>
      new Option(
        '--module <module>',
        'a kernel module by name or file, with its options behind a space; it is loaded first of all, after what it needs (repeatable)',
      ).argParser(collect),
    modules: () =>
      new Option(
        '--modules <folder>',
        "where the kernel's modules lie (default: beside it, else /lib/modules); none: no modules",
      ).env('EULAB_MODULES'),
    service: () =>
      new Option('--service <name=command>', 'a command that runs beside all else and is started again when it ends (repeatable)')
        .conflicts('root')
        .argParser(collect),
    contents: () =>
      new Option('--contents <file>', 'a JSON file with more of these options, by their names').env('EULAB_CONTENTS'),
    compression: () =>
      new Option(
        '--compression <how>',
        'gzip, zstd, lz4, xz or none, with :LEVEL behind it; auto: what the kernel in artifacts/ starts soonest with (default: gzip; zstd for more than 16 MiB, if that kernel knows it)',
      )
        .env('EULAB_COMPRESSION')
        .argParser(parsed(compressionSchema)),
  }),
} as const;

import { guestDied, type Rule } from './rule.ts';

const failed = (error: number) => new RegExp(`(?:Failed to execute|Requested init) (\\S+) (?:failed )?\\(error -${error}\\)`);
const exists = (error: number) => new RegExp(`Starting init: (\\S+) exists but couldn't execute it \\(error -${error}\\)`);

/** A first process that the kernel could not start. @see Documentation/admin-guide/init.rst */
export const initStartRules: readonly Rule[] = [
  {
    name: 'init-not-executable',
    lines: [failed(13)],
    cause: '$1 is not executable, or is a folder',
    remedy: 'make it executable before it is packed (chmod 755 init); when it is a script, its interpreter too',
    status: guestDied,
  },
  {
    name: 'init-wrong-format',
    lines: [failed(8)],
    cause: '$1 is neither a program for this CPU nor a script that begins with #! (or the kernel lacks CONFIG_BINFMT_SCRIPT)',
    remedy: "see what it is: file init; a script's first line has to be #!/bin/sh, a program x86-64 ELF",
    status: guestDied,
  },
  {
    name: 'init-option-missing',
    lines: [/Requested init (\S+) failed \(error -2\)/],
    cause: '$1, which init= names, is not there; or its interpreter is not',
    remedy: 'name what is there (init=/sbin/init in --append), and see that its interpreter or dynamic loader is there too',
    status: guestDied,
  },
  {
    name: 'init-interpreter-missing',
    lines: [failed(2)],
    cause: '$1 is there, but not what is to run it: the interpreter after #!, or its dynamic loader',
    remedy: 'pack that as well (readelf -l init | grep interpreter; head -1 init), or link init statically',
    status: guestDied,
  },
  {
    name: 'init-interpreter-loop',
    lines: [failed(40)],
    cause: '$1 is a script whose interpreter is a script, too many times over, or a link that leads to itself',
    remedy: 'its first line has to name a program: #!/bin/sh',
    status: guestDied,
  },
  {
    name: 'init-not-startable',
    lines: [/(?:Failed to execute|Requested init) (\S+) (?:failed )?\(error (-\d+)\)/],
    cause: 'the kernel could not start $1 (error $2)',
    remedy: 'see what that error is (errno -l), and whether the file is whole: eulab build ramdisk --force',
    status: guestDied,
  },
  {
    name: 'init-fallback-broken',
    lines: [exists(8)],
    cause: 'the only init on the root file system ($1) is no program for this CPU, nor a script that begins with #!',
    remedy: 'see what it is: file FILE; or start another: --append init=/bin/sh',
    status: guestDied,
  },
  {
    name: 'no-init',
    lines: [/Kernel panic - not syncing: No working init found/],
    before: 4,
    cause: 'the root file system has none of /sbin/init, /etc/init, /bin/init and /bin/sh',
    remedy: 'say what to start: --append init=/path/of/it; or look at whether root= is the right disk',
    status: guestDied,
  },
];

/** A first process that ended: the kernel cannot live without. The wait status is in hex. @see wait(2) */
export const initEndRules: readonly Rule[] = [
  {
    name: 'init-without-console',
    lines: [/Warning: unable to open an initial console/, /Attempted to kill init! exitcode=0x(\w+)/],
    cause: 'init had no console to read and write (stdin, stdout, stderr closed), and ended',
    remedy: 'put the device node /dev/console (c 5 1) into the initramfs, and name a console that the kernel has: console=ttyS0',
    status: guestDied,
  },
  {
    name: 'init-illegal-instruction',
    lines: [/Attempted to kill init! exitcode=0x0000(?:00|01)[80]4/],
    before: 3,
    cause: 'init was killed for an illegal instruction (SIGILL): it was built for another CPU model, or is damaged',
    remedy: 'build it for plain x86-64 (-march=x86-64), or boot with the CPU model it was built for',
    status: guestDied,
  },
  {
    name: 'init-segfault',
    lines: [/Attempted to kill init! exitcode=0x000000[08]b/],
    before: 3,
    cause: 'init was killed for a bad memory access (SIGSEGV)',
    remedy: "debug it outside: run the same program in a chroot with gdb; the line with 'segfault at' has the address",
    status: guestDied,
  },
  {
    name: 'init-killed',
    lines: [/Attempted to kill init! exitcode=0x000000(?!00)(\w\w)/],
    before: 3,
    cause: ([hex = '']) => `init was killed by signal ${Number.parseInt(hex, 16) & 0x7f}`,
    remedy: 'see who sent it in the lines before: init itself (abort, a failed assertion), or the kernel',
    status: guestDied,
  },
  {
    name: 'init-loader-failed',
    lines: [
      /(.*error while loading shared libraries.*|.*: symbol not found.*|.*Error loading shared library.*)/,
      /Attempted to kill init! exitcode=0x00007f00/,
    ],
    cause: 'init could not load a shared library: $1',
    remedy: 'pack the library as well (ldd init), or link init statically',
    status: guestDied,
  },
  {
    name: 'init-command-not-found',
    lines: [/Attempted to kill init! exitcode=0x00007f00/],
    before: 3,
    cause: 'init ended with status 127: a command of it was not found',
    remedy: 'see its message in the lines before, and pack what it misses',
    status: guestDied,
  },
  {
    name: 'init-exited',
    lines: [/Attempted to kill init! exitcode=0x0000(\w\w)00/],
    before: 3,
    cause: ([hex = '']) => `init ended, with status ${Number.parseInt(hex, 16)}; the first process must not`,
    remedy: 'see what it said in the lines before; its last line has to be poweroff -f, or exec of a program that stays',
    status: guestDied,
  },
];

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { file, symlink } from '../../../src/ramdisk/entry.ts';
import { raw } from '../../archive.ts';
import { folder } from '../../eulab.ts';
import { artifacts } from '../artifacts.ts';
import { type Broken, everyBroken, expectBroken } from './boot.ts';
import { code, elf } from './code.ts';
import { changed, init, only, written } from './initrd.ts';

artifacts();

/** exit(7) */
const exits = code('bf 07000000 b8 3c000000 0f05');

const table: readonly Broken[] = [
  { name: 'init-not-in-initramfs', status: 255, append: 'rdinit=/no/such/init' },
  {
    name: 'init-not-executable',
    status: 255,
    initrd: only(file('init', elf(exits), 0o755), file('mine', elf(exits), 0o644)),
    append: 'rdinit=/mine',
  },
  {
    name: 'init-wrong-format',
    what: 'a text',
    status: 255,
    warned: true,
    initrd: only(file('init', Buffer.from('mount -a\nexec sh\n'), 0o755)),
  },
  {
    name: 'init-wrong-format',
    what: 'a program for ARM',
    status: 255,
    warned: true,
    initrd: only(file('init', elf(exits, 40), 0o755)),
  },
  {
    name: 'init-wrong-format',
    what: 'a program for arm64',
    status: 255,
    warned: true,
    initrd: only(file('init', elf(exits, 183), 0o755)),
  },
  {
    name: 'init-interpreter-missing',
    status: 255,
    warned: true,
    initrd: only(file('init', Buffer.from('#!/bin/bash\nexec sh\n'), 0o755)),
  },
  {
    name: 'init-wrong-format',
    what: 'and another init takes its place',
    status: 125,
    initrd: init('mount -a\n'),
    options: ['--limit', 'init=2s'],
  },
  { name: 'init-interpreter-loop', status: 255, warned: true, initrd: only(file('init', Buffer.from('#!/init\n'), 0o755)) },
  { name: 'init-not-in-initramfs', what: 'none', status: 255, warned: true, initrd: only(file('bin/init', elf(exits), 0o755)) },
  { name: 'init-not-executable', what: '/init', status: 255, warned: true, initrd: only(file('init', elf(exits), 0o644)) },
  {
    name: 'init-interpreter-missing',
    what: 'a program without its loader',
    status: 255,
    warned: true,
    initrd: only(file('init', readFileSync('/bin/true'), 0o755)),
  },
  {
    name: 'init-interpreter-missing',
    what: 'lost for want of its folder',
    status: 255,
    warned: true,
    initrd: (folder) => written(folder, raw({ name: 'init', data: '#!/bin/sh\n' }, { name: 'bin/sh', data: elf(exits) })),
  },
  { name: 'init-exited', status: 255, says: 'status 7', initrd: changed(file('init', elf(exits), 0o755)) },
  {
    name: 'init-exited',
    what: 'a script with an error',
    status: 255,
    initrd: init('#!/bin/sh\nset -e\necho it breaks here\nfalse\n'),
    says: 'it breaks here',
  },
  { name: 'init-command-not-found', status: 255, initrd: init('#!/bin/sh\nno-such-program\n'), says: 'no-such-program' },
  {
    name: 'init-loader-failed',
    status: 255,
    // A program of this host with its dynamic loader, and without its library.
    initrd: only(
      file('init', readFileSync('/bin/true'), 0o755),
      file('lib64/ld-linux-x86-64.so.2', readFileSync('/lib64/ld-linux-x86-64.so.2'), 0o755),
    ),
    says: 'libc.so',
  },
  { name: 'init-segfault', status: 255, initrd: changed(file('init', elf(code('31c0 8900')), 0o755)), says: 'segfault at 0' },
  { name: 'init-illegal-instruction', status: 255, initrd: changed(file('init', elf(code('0fff')), 0o755)) },
  { name: 'init-killed', status: 255, initrd: changed(file('init', elf(code('cc')), 0o755)), says: 'signal 5' },
  { name: 'no-agent', status: 125, initrd: init('#!/bin/sh\nexec sleep 60\n'), options: ['--limit', 'init=2s'] },
  { name: 'guest-powered-off', status: 125, initrd: init('#!/bin/sh\necho all done here\npoweroff -f\n'), says: 'all done here' },
  { name: 'guest-restarted', status: 125, initrd: init('#!/bin/sh\nreboot -f\n') },
  { name: 'guest-halted', status: 125, initrd: init('#!/bin/sh\nhalt -f\n') },
  {
    name: 'init-without-console',
    status: 255,
    warned: true,

    initrd: changed(symlink('dev/console', 'nowhere'), file('init', elf(exits), 0o755)),
  },
];

everyBroken(table);

test('no-command-channel', async () => {
  using here = folder();
  // QEMU without the word that names the second serial line, as the agent's only other way is the virtio driver.
  const script =
    '#!/bin/sh\nfor arg; do\n\tshift\n\tset -- "$@" "$(printf %s "$arg" | sed s/eulab.port=ttyS1//)"\ndone\nexec qemu-system-x86_64 "$@"\n';
  writeFileSync(join(here.path, 'qemu'), script, { mode: 0o755 });
  const options = ['--qemu', join(here.path, 'qemu')];
  await expectBroken({ name: 'no-command-channel', status: 125, append: 'initcall_blacklist=virtio_console_init', options });
});

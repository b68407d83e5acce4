import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eulab, folder, scaled } from '../eulab.ts';
import { bzImage } from '../images.ts';
import { elf } from '../kernel-files.ts';

/** A workspace whose kernel says its version, and modules for that one and for another. */
const here = folder();
const at = (name: string) => join(here.path, name);
const env = { EULAB_CACHE: at('cache') };
const [ours, theirs] = ['6.1.0-ours', '6.2.0-theirs'];

beforeAll(async () => {
  mkdirSync(at('artifacts'));
  writeFileSync(at('artifacts/bzImage'), bzImage({ version: ours }));
  for (const name of ['one', 'two']) writeFileSync(at(name), name);
  mkdirSync(at('tree/bin'), { recursive: true });
  writeFileSync(at('tree/bin/x'), '');
  const arm = elf({ '.text': Buffer.from('code') });
  arm.writeUInt16LE(2, 16);
  arm.writeUInt16LE(183, 18);
  writeFileSync(at('arm'), arm);
  writeFileSync(at('script'), '#!/no/such/shell\n');
  for (const name of ['arm', 'script']) chmodSync(at(name), 0o755);
  for (const [folder, version] of [
    [ours, ours],
    [theirs, theirs],
    ['mixed', theirs],
  ] as const) {
    mkdirSync(at(`lib/modules/${folder}/kernel`), { recursive: true });
    const module = elf({ '.modinfo': Buffer.from(`vermagic=${version} SMP\0depends=\0`) });
    writeFileSync(at(`lib/modules/${folder}/kernel/fine.ko`), module);
    writeFileSync(at(`lib/modules/${folder}/kernel/needy.ko`), elf({ '.modinfo': Buffer.from(`vermagic=${version} SMP\0`) }));
    writeFileSync(at(`lib/modules/${folder}/modules.order`), 'kernel/fine.ko\nkernel/needy.ko\n');
    writeFileSync(at(`lib/modules/${folder}/modules.builtin`), 'kernel/inside.ko\n');
  }
  writeFileSync(at('wrong.json'), '{"ad": [], "add": "one"}');
  writeFileSync(at('text.json'), 'add = one');
  const { status, stderr } = await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox'], { env });
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => here[Symbol.dispose]());

const refusals: [string, string[], string][] = [
  ['a file that is not there', ['--add', at('none')], `--add ${at('none')}: there is no such file`],
  ['a pattern without a match', ['--add', `${at('*.none')}:/x/`], ': nothing matches'],
  ['a relative place', ['--add', `${at('one')}:x`], 'the place in the guest, x, is not absolute'],
  ['a place that leads elsewhere', ['--add', `${at('one')}:/x/../y`], 'the place in the guest, /x/../y, has . or .. in it'],
  ['a place under a mount', ['--add', `${at('one')}:/proc/x`], '/proc/x would not be seen'],
  ['two at one place', ['--add', `${at('one')}:/x`, '--add', `${at('two')}:/x`], `two things cannot be at /x: ${at('two')}`],
  ['two at one place, by a folder', ['--add', `${at('one')}:/bin/x`, '--overlay', at('tree')], 'two things cannot be at /bin/x'],
  ['a file with something in it', ['--add', `${at('one')}:/x`, '--add', `${at('two')}:/x/y`], 'x/y lies in x, which is a file'],
  ['something in a program of the guest', ['--add', `${at('one')}:/bin/busybox/x`], '/bin/busybox is a file in the initramfs'],
  ['a tree that is not there', ['--overlay', at('none')], `--overlay ${at('none')}: there is no such folder`],
  ['a tree that is a file', ['--overlay', at('one')], `--overlay ${at('one')}: is not a folder`],
  ['a program that is not there', ['--program', 'no-such'], '--program no-such: there is no program no-such'],
  ['a program that is none', ['--program', at('one')], 'it cannot be executed'],
  ['a program for another machine', ['--program', at('arm')], 'is a program for aarch64, and the guest is x86_64'],
  ['a script without its interpreter', ['--program', at('script')], 'its interpreter /no/such/shell is neither on this host'],
  ['a first process that is not there', ['--init', at('none')], `--init ${at('none')}: there is no such file`],
  ['a first process for another machine', ['--init', at('arm')], 'is a program for aarch64'],
  ['a service without a command', ['--service', 'x='], '--service x=: is not NAME=COMMAND'],
  ['a module without modules', ['--module', 'fine', '--modules', 'none'], '--module fine: --modules none'],
  ['a module that is not there', ['--module', 'no', '--modules', at('lib/modules')], 'has no module no'],
  [
    'modules of another version',
    ['--module', 'fine', '--modules', at('lib/modules/mixed')],
    `is for Linux "${theirs} SMP", and the kernel is "${ours}"`,
  ],
  [
    'a module file of another version',
    ['--module', at(`lib/modules/${theirs}/kernel/fine.ko`), '--modules', at('lib/modules')],
    `is for Linux "${theirs} SMP"`,
  ],
  ['a module that is none', ['--module', at('one'), '--modules', at('lib/modules')], 'is no kernel module'],
  [
    'modules that are not there',
    ['--module', 'fine', '--modules', at('tree')],
    `--modules ${at('tree')}: it has no modules of Linux`,
  ],
  ['a contents file that is not there', ['--contents', at('none')], 'cannot be read (ENOENT)'],
  ['a contents file of another form', ['--contents', at('text.json')], 'is no JSON'],
  ['a contents file with other words', ['--contents', at('wrong.json')], 'says what is no option'],
];

test.each(refusals)(
  '%s is refused by a boot before QEMU starts, in under a second, and by a build',
  async (_, options, message) => {
    const kernel = ['--kernel', at('artifacts/bzImage')];
    const beganMs = performance.now();
    const booted = await eulab(['-C', here.path, 'boot', '--accel', 'tcg', ...kernel, ...options, '--', 'true'], {
      env,
    });
    expect(performance.now() - beganMs).toBeLessThan(await scaled(1000));
    // Without the checks nobody reads the kernel's version.
    if (!options.includes('--module')) expect([booted.status, booted.stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(booted.status).toBe(2);
    const built = await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox', ...kernel, ...options], { env });
    expect([built.status, built.stderr]).toEqual([2, expect.stringContaining(message)]);
  },
);

test('what goes into the initramfs has no place in a root of its own', async () => {
  const { status, stderr } = await eulab(['boot', '--root', 'x', '--add', at('one'), '--', 'true'], { env });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/'--add <src\[:dst\]>' cannot be used with option '--root/)]);
});

test('module files need no folder of modules, and what one needs may lie beside it', async () => {
  const place = at('alone/artifacts');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'bzImage'), bzImage({ version: ours }));
  writeFileSync(join(place, 'config'), 'CONFIG_SMP=y\nCONFIG_MODULE_UNLOAD=y\n');
  const write = (name: string, ...words: string[]) =>
    writeFileSync(at(`alone/${name}.ko`), elf({ '.modinfo': Buffer.from(`${words.join('\0')}\0`) }));
  write('above', `vermagic=${ours} SMP mod_unload `, 'depends=what_is_below');
  write('what-is-below', `vermagic=${ours} SMP mod_unload `, 'depends=');
  write('other', `vermagic=${ours} SMP preempt mod_unload `, 'depends=');
  const build = ['build', 'ramdisk', '--busybox', '/bin/busybox', '--compression', 'none', '--module'];
  const call = { env, cwd: at('alone') };
  const { status, stderr } = await eulab([...build, 'above.ko x=1'], call);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  const folder = `/lib/modules/${ours}/extra`;
  const image = readFileSync(join(place, 'initramfs.cpio'), 'latin1');
  expect(image).toContain(`${folder}/what_is_below.ko\n${folder}/above.ko x=1\n`);
  for (const [name, message] of [
    ['other.ko', `is for Linux "${ours} SMP preempt mod_unload", and the kernel is "${ours} SMP mod_unload"`],
    ['nothing.ko', `there is no ${at('alone/nothing.ko')}`],
    ['above', 'name the file: --module above.ko'],
  ] as const) {
    const refused = await eulab([...build, name], call);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

test('a module that the kernel has in itself is as good as loaded, and options and needs are in the list', async () => {
  const options = ['--kernel', at('artifacts/bzImage'), '--modules', at('lib/modules'), '--compression', 'none'];
  const build = ['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox', ...options];
  const { status, stderr } = await eulab([...build, '--module', 'inside', '--module', 'fine x=1 y=2'], { env });
  expect(status, stderr).toBe(0);
  expect(readFileSync(at('artifacts/initramfs.cpio'), 'latin1')).toContain(`/lib/modules/${ours}/kernel/fine.ko x=1 y=2\n`);
  const again = await eulab([...build, '--module', 'inside', '--module', 'fine x=1 y=2'], { env });
  expect(again.stderr).toContain('nothing to do');
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder, program, root } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

test('make boot prints the command’s output alone and names its status; nothing is built again', async () => {
  const { status, stdout, stderr } = await program('make', ['boot', "RUN=uname -r; echo '$HOME'; exit 42"]);
  const { version } = JSON.parse(readFileSync(join(root, 'artifacts/kernel.manifest.json'), 'utf8')).inputs;
  // make's own status is 2 for any failure.
  expect([status, stdout.toString()]).toEqual([2, `${version}-lab\n$HOME\n`]);
  expect(stderr).toContain('Error 42');
  expect(stderr.match(/nothing to do/g)?.length).toBe(2);
  expect(stderr).not.toMatch(/compiling|configuring/);
});

test('busybox built on the host and in a container, by another umask, time zone and folder, gives the same image', async () => {
  using here = folder();
  const { status, stderr } = await program(
    'sh',
    ['-c', `umask 077; exec ${process.execPath} ${join(root, 'dist/eulab.mjs')} -C ${here.path} build ramdisk --engine host`],
    { env: { TZ: 'Asia/Tokyo', LC_ALL: 'C' } },
  );
  expect(status, stderr).toBe(0);
  const digest = (path: string) =>
    JSON.parse(readFileSync(join(path, 'artifacts/ramdisk.manifest.json'), 'utf8')).files[0].sha256;
  expect(digest(here.path)).toBe(digest(root));
});

test('a config symbol that cannot be had is explained before anything is compiled', async () => {
  using here = folder();
  const { status, stderr } = await eulab([
    '-C',
    here.path,
    'build',
    'kernel',
    '--set',
    'CONFIG_SQUASHFS=y',
    '--set',
    'VIRTIO_BLKK=y',
  ]);
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining('CONFIG_SQUASHFS=y was asked and is n: depends on MISC_FILESYSTEMS [=n]'),
  ]);
  expect(stderr).toContain('VIRTIO_BLK');
  expect(stderr).not.toContain('compiling');
});

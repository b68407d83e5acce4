import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { newc } from '../../src/ramdisk/cpio.ts';
import { character, directory, file } from '../../src/ramdisk/entry.ts';
import { eulab, folder } from '../eulab.ts';
import { requires } from '../requires.ts';
import { fileIn, foreignPackages } from './debian.ts';
import { workspaceOf } from './kernels.ts';

requires(
  'qemu-system-aarch64',
  'apt-get',
  'apt-cache',
  'dpkg-deb',
  '/etc/debian_version',
)("Debian's own arm64 kernel boots, compressed as a whole, with nothing said of its architecture", async () => {
  const debian = await foreignPackages('arm64', ['linux-image-cloud-arm64', 'busybox-static']);
  using here = folder();
  const kernel = join(here.path, 'Image.gz');
  writeFileSync(kernel, gzipSync(fileIn(join(debian, 'boot'), 'vmlinuz-'), { level: 1 }));
  const script = '#!/bin/busybox sh\necho "machine: $(/bin/busybox uname -m), $0"\n/bin/busybox poweroff -f\n';
  const initrd = join(here.path, 'initramfs.cpio');
  const entries = [
    directory('bin'),
    file('bin/busybox', readFileSync(join(debian, 'bin/busybox')), 0o755),
    directory('dev'),
    character('dev/console', 5, 1),
    file('init', Buffer.from(script), 0o755),
  ];
  writeFileSync(initrd, await buffer(newc(entries)));

  const options = ['--kernel', kernel, '--initrd', initrd, '--append', 'quiet'];
  const { status, stderr } = await eulab(['boot', ...options, '--timeout', '90s', '--', 'true']);
  expect([status, stderr]).toEqual([125, expect.stringContaining('the guest switched itself off before the command ended')]);
  const log = /the whole console: (.*)/.exec(stderr)?.[1] ?? '';
  expect(readFileSync(log, 'utf8')).toContain('machine: aarch64, /init');
});

requires(
  'qemu-system-aarch64',
  'aarch64-linux-gnu-gcc',
  'gcc',
  'make',
)(
  'a kernel and a ramdisk for arm64 run commands, and a release of them stays what it is',
  async () => {
    const work = await workspaceOf('arm64');
    const call = async (args: readonly string[], input = '') => {
      const { status, stdout, stderr } = await eulab(args, { input });
      return { said: [status, stdout.toString()], stderr };
    };
    const ramdisk = await call(['-C', work, 'build', 'ramdisk', '--arch', 'arm64', '--engine', 'host']);
    expect(ramdisk.said, ramdisk.stderr).toEqual([0, '']);
    const listed = await call(['-C', work, 'kernels', '--json']);
    expect(JSON.parse(String(listed.said[1]))).toMatchObject([{ arch: 'arm64', profile: 'tiny', used: true }]);
    expect(existsSync(join(work, 'artifacts/bzImage'))).toBe(false);

    // Nothing is said of the architecture: there is no other kernel here.
    const command = ['boot', '--net', 'none', '--', 'sh', '-c', 'uname -m; cat; exit 42'];
    const booted = await call(['-C', work, ...command], 'to its stdin');
    expect(booted.said, booted.stderr).toEqual([42, 'aarch64\nto its stdin']);

    using there = folder();
    const file = join(there.path, 'release.tar');
    expect((await call(['-C', work, 'release', '--output', file])).said[0]).toBe(0);
    const pulled = await call(['-C', there.path, 'pull', file]);
    expect(pulled.said, pulled.stderr).toEqual([0, '']);
    expect(pulled.stderr).toContain('eulab boot --arch arm64');
    // The tiny kernel unpacks what is not compressed, and so it is not.
    const same = ['Image', 'initramfs.cpio'].map((name) => {
      const [one, other] = [work, there.path].map((place) => readFileSync(join(place, 'artifacts/arm64', name)));
      return one?.equals(other as Buffer);
    });
    expect(same).toEqual([true, true]);
  },
  600_000,
);

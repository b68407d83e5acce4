import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { newc } from '../../src/ramdisk/cpio.ts';
import { character, directory, file } from '../../src/ramdisk/entry.ts';
import { eulab, folder } from '../eulab.ts';
import { requires } from '../requires.ts';
import { fileIn, foreignPackages } from './debian.ts';

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

import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { folder } from '../../eulab.ts';
import { artifacts } from '../artifacts.ts';
import { type Broken, everyBroken } from './boot.ts';
import { elf } from './code.ts';

artifacts();

const here = folder();
afterAll(() => here[Symbol.dispose]());

const [empty, ext4, foreign, damaged] = ['empty', 'ext4', 'foreign', 'damaged'].map((name) => join(here.path, name)) as [
  string,
  string,
  string,
  string,
];

beforeAll(() => {
  for (const disk of [empty, ext4, foreign, damaged]) {
    writeFileSync(disk, '');
    truncateSync(disk, 4 * 2 ** 20);
  }
  execFileSync('mkdir', ['-p', join(here.path, 'root/sbin')]);
  writeFileSync(join(here.path, 'root/sbin/init'), elf(Buffer.alloc(16), 183), { mode: 0o755 });
  execFileSync('mke2fs', ['-q', '-t', 'ext4', ext4]);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-b', '1024', damaged]);
  const bytes = readFileSync(damaged);
  // Its group descriptors, in the block behind the superblock's.
  writeFileSync(damaged, bytes.fill(0xff, 2048, 3072));
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', join(here.path, 'root'), foreign]);
});

/** Nothing is written to it: another machine may have it at the same time. */
const disk = (file: string) => `-drive if=none,file=${file},format=raw,id=disk,snapshot=on -device virtio-blk-pci,drive=disk`;

const table: readonly Broken[] = [
  { name: 'root-no-disk', status: 255, append: 'rdinit=/none root=/dev/vda', says: 'vda' },
  { name: 'root-device-missing', status: 255, append: 'rdinit=/none root=/dev/vdb', qemu: disk(empty), says: 'virtio_blk' },
  {
    name: 'root-device-missing',
    what: 'by PARTUUID',
    status: 255,
    append: 'rdinit=/none root=PARTUUID=1234-01',
    qemu: disk(empty),
  },
  { name: 'root-filesystem-unknown', status: 255, append: 'rdinit=/none root=/dev/vda', qemu: disk(empty), says: 'ext4' },
  { name: 'root-filesystem-not-in-kernel', status: 255, append: 'rdinit=/none root=/dev/vda rootfstype=btrfs', qemu: disk(ext4) },
  { name: 'root-filesystem-damaged', status: 255, append: 'rdinit=/none root=/dev/vda rootfstype=ext4', qemu: disk(damaged) },
  { name: 'no-init', status: 255, append: 'rdinit=/none root=/dev/vda', qemu: disk(ext4) },
  { name: 'init-fallback-broken', status: 255, append: 'rdinit=/none root=/dev/vda', qemu: disk(foreign), says: '/sbin/init' },
  { name: 'init-option-missing', status: 255, append: 'rdinit=/none root=/dev/vda init=/mine', qemu: disk(ext4), says: '/mine' },
  {
    name: 'root-device-awaited',
    status: 125,
    append: 'rdinit=/none root=/dev/vdb rootwait',
    qemu: disk(ext4),
    options: ['--limit', 'kernel=4s'],
  },
];

everyBroken(table);

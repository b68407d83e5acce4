import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { file } from '../../../src/ramdisk/entry.ts';
import { root } from '../../eulab.ts';
import { artifacts } from '../artifacts.ts';
import { kernel } from '../kernels.ts';
import { type Broken, everyBroken } from './boot.ts';
import { archive, compressed, only, plain, written } from './initrd.ts';

artifacts();
const bare = kernel('bare');

/** Behind an archive that eulab has nothing against, as it would refuse some of these itself. */
const behind = (bytes: (archive: Buffer) => Uint8Array) => async (folder: string) =>
  written(folder, Buffer.concat([await archive([file('init', Buffer.from('#!/bin/sh\n'), 0o755)]), bytes(plain())]));

/** Some bytes in the middle turned over. */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.length >> 1; at < (copy.length >> 1) + 64; at += 1) copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** A compressed initramfs that something happened to. */
const spoilt =
  (what: (bytes: Buffer) => Uint8Array, packer: string, ...args: readonly string[]) =>
  async (folder: string) =>
    written(folder, what(readFileSync(await compressed(packer, ...args)(folder))));

/** The length of its first block is not what the block's own check of it says. @see RFC 1951, 3.2.4 */
const wrongLength = (bytes: Buffer) => {
  const packed = gzipSync(bytes, { level: 0 });
  packed[13] = (packed[13] ?? 0) ^ 0xff;
  return packed;
};

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);

const table: readonly Broken[] = [
  { name: 'initramfs-corrupt', what: 'gzip', status: 255, initrd: behind(wrongLength) },
  { name: 'initramfs-corrupt', what: 'xz', status: 255, initrd: spoilt(damaged, 'xz', '--check=crc32') },
  { name: 'initramfs-corrupt', what: 'zstd', status: 255, initrd: spoilt(damaged, 'zstd', '-3') },
  { name: 'initramfs-cut', what: 'gzip', status: 255, initrd: behind((bytes) => half(gzipSync(bytes))) },
  { name: 'initramfs-cut', what: 'zstd', status: 255, initrd: spoilt(half, 'zstd', '-3') },
  { name: 'initramfs-crashes-kernel', what: 'lz4, cut', status: 255, initrd: spoilt(half, 'lz4', '-l', '-9') },
  { name: 'initramfs-format-unknown', status: 255, warned: true, initrd: behind(() => Buffer.alloc(4096, '?')) },
  { name: 'initramfs-not-newc', status: 255, initrd: behind(() => Buffer.from('070707'.padEnd(4096, '0'))) },
  {
    name: 'initramfs-overwritten',
    status: 255,
    options: ['--memory', '35M'],
    // It lies at the end of the memory: the longer it is, the lower it begins.
    initrd: (folder) =>
      written(folder, Buffer.concat([readFileSync(join(root, 'artifacts/initramfs.cpio.gz')), Buffer.alloc(3 * 2 ** 19)])),
  },
  {
    name: 'initramfs-out-of-memory',
    status: 255,
    options: ['--memory', '64M'],
    initrd: async (folder) =>
      written(
        folder,
        gzipSync(await archive([file('a', Buffer.alloc(60_000_000)), file('init', Buffer.from('#!/bin/sh\n'), 0o755)])),
      ),
  },
  {
    name: 'initramfs-decompressor-missing',
    status: 255,
    says: 'gzip',
    kernel: () => join(bare, 'bzImage'),
    append: 'earlyprintk=ttyS0,115200,keep',
  },
  {
    name: 'init-wrong-format',
    what: 'a script, and a kernel without CONFIG_BINFMT_SCRIPT',
    status: 255,
    kernel: () => join(bare, 'bzImage'),
    initrd: only(file('init', Buffer.from('#!/bin/sh\n'), 0o755)),
    append: 'earlyprintk=ttyS0,115200,keep',
  },
];

everyBroken(table);

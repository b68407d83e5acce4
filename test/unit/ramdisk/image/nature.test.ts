import { expect, test } from 'vitest';
import { bytesOf } from '../../../../src/ramdisk/image/bytes.ts';
import { nature } from '../../../../src/ramdisk/image/nature.ts';
import { bzImage, elf } from '../../../images.ts';

/** A file with some bytes at an offset, and no text elsewhere. */
const marked = (at: number, text: string) => Buffer.concat([Buffer.alloc(at), Buffer.from(text, 'latin1'), Buffer.alloc(64)]);

test.each([
  [bzImage(), 'a Linux kernel (bzImage)'],
  [marked(0, '070701'), 'a cpio archive'],
  [marked(56, 'ARM\x64'), 'a Linux kernel for arm64 (Image)'],
  [marked(56, 'RSC\x05'), 'a Linux kernel for riscv (Image)'],
  [marked(0, 'MZ\0\0zimg'), 'a Linux kernel for EFI alone (zboot), which is not made for x86'],
  [marked(36, '\x18\x28\x6f\x01'), 'a Linux kernel for 32-bit arm (zImage)'],
  [marked(0, '\x27\x05\x19\x56'), "U-Boot's uImage"],
  [marked(0, 'MZ'), 'an EFI program without the boot header of Linux on x86'],
  [marked(0, 'QFI\xfb'), 'a qcow2 disk image'],
  [marked(0x438, '\x53\xef'), 'an ext4 file system'],
  [marked(0, '\x04\x22\x4d\x18'), 'lz4-compressed data of the new frame, which Linux cannot read (lz4 -l makes the legacy one)'],
  [elf(62, [], 1), 'an ELF object for x86-64, such as a kernel module'],
  [elf(183), 'an ELF file for arm64'],
  [marked(0, '\xfd7zXZ\0'), 'xz-compressed data'],
  [marked(0, '\x28\xb5\x2f\xfd'), 'zstd-compressed data'],
  [Buffer.from('#!/bin/sh\necho grüße\n'), 'a text file'],
  [Buffer.alloc(100), 'nothing but zeros at its beginning'],
  [Buffer.from([0, 1, 2, 3]), 'data of a kind unknown to eulab'],
])('%#: %s', (bytes, what) => {
  expect(nature(bytesOf(bytes)).what).toBe(what);
});

test('what is compressed is told with what is in it, and so is where it belongs', () => {
  const gzip = bytesOf(marked(0, '\x1f\x8b\x08'));
  expect(nature(gzip, elf(62))).toEqual({ what: 'gzip-compressed data, with an ELF file for x86-64 in it' });
  expect(nature(gzip, marked(0, '070701'))).toEqual({
    what: 'gzip-compressed data, with a cpio archive in it',
    role: 'initramfs',
  });
});

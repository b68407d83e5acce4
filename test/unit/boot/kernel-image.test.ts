import { expect, test } from 'vitest';
import { checkKernel } from '../../../src/boot/kernel-image.ts';

/** The head of a bzImage of 2 setup sectors and 64 paragraphs, with some of its header's bytes changed. */
function head(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes[0x1f1] = 2;
  bytes.writeUInt32LE(64, 0x1f4);
  bytes.writeUInt16LE(0xaa55, 0x1fe);
  bytes.write('HdrS', 0x202);
  bytes.writeUInt16LE(0x020f, 0x206);
  bytes.writeUInt16LE(1, 0x236);
  change(bytes);
  return bytes;
}

/** 3 sectors of 512 bytes and 64 paragraphs of 16. */
const whole = 3 * 512 + 64 * 16;

const elf = (machine: number) => {
  const bytes = Buffer.alloc(128);
  bytes.write('7f454c46020101', 'hex');
  bytes.writeUInt16LE(machine, 18);
  return bytes;
};

test.each([
  ['a bzImage', head(), whole],
  ['a bzImage with a signature behind it', head(), whole + 4096],
  ['a vmlinux', elf(62), 20_000_000],
])('takes %s', (_what, bytes, length) => {
  expect(() => checkKernel(bytes, length, 'k')).not.toThrow();
});

test.each([
  ['an empty file', Buffer.alloc(0), 0, 'k is empty'],
  ['a text', Buffer.from('hello world\n'), 12, 'it is a text file'],
  ['a gzip file', Buffer.from('1f8b08000000', 'hex'), 6, 'gzip-compressed'],
  ['an initramfs', Buffer.from(`070701${'0'.repeat(200)}`), 206, 'a cpio archive'],
  ['zeros', Buffer.alloc(4096), 4096, 'HdrS at 0x202'],
  ['a cut bzImage', head(), whole - 1, `its header says ${whole} bytes, the file has ${whole - 1}`],
  ['a 32-bit kernel', head((bytes) => bytes.writeUInt16LE(0, 0x236)), whole, 'is a 32-bit kernel'],
  ['an old kernel', head((bytes) => bytes.writeUInt16LE(0x0205, 0x206)), whole, 'before Linux 3.8'],
  ['a vmlinux for arm64', elf(183), 20_000_000, 'for another CPU'],
])('refuses %s', (_what, bytes, length, reason) => {
  expect(() => checkKernel(bytes, length, 'k')).toThrow(reason);
});

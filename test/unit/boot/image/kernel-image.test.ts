import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { kernelFacts } from '../../../../src/boot/image/kernel-image.ts';
import { bytesOf } from '../../../../src/ramdisk/image/bytes.ts';
import { bzImage, elf, payloadAt, pvhNote, signed } from '../../../images.ts';

const facts = (bytes: Uint8Array) => kernelFacts(bytesOf(bytes), 'k');
const vmlinux = elf(62, [
  { type: 1, data: Buffer.alloc(100) },
  { type: 4, data: pvhNote },
]);

test('a bzImage tells its version, its payload, what memory and what command line it takes', () => {
  const image = bzImage();
  expect(facts(image)).toEqual({
    form: 'bzImage',
    arch: 'x86_64',
    version: '6.1.192-lab',
    payload: {
      compression: 'gzip',
      offset: payloadAt,
      bytes: gzipSync(Buffer.alloc(5000, 'kernel')).length,
      unpackedBytes: 5000,
    },
    pvh: false,
    reachBytes: 0x1800000,
    cmdlineBytes: 2047,
    checksum: { offset: image.length - 4, value: image.readUInt32LE(image.length - 4), blank: [] },
  });
});

test('the checksum of an image that may be signed leaves out what a signature changes', () => {
  const image = signed(bzImage({ efi: true }));
  expect(facts(image).checksum).toMatchObject({ offset: image.length - 1472 - 4, blank: [{ bytes: 4 }, { bytes: 8 }] });
});

test.each([
  ['Linux 6.16 and later write none', '6.16.0'],
  ['and so does Linux 7', '7.0.1'],
  ['an unknown version proves nothing', 'unknown'],
])('%s', (_why, version) => {
  expect(facts(bzImage({ version })).checksum).toBeUndefined();
});

test('a vmlinux with the PVH entry is a kernel, and reaches as far as its segments', () => {
  expect(facts(vmlinux)).toMatchObject({ form: 'elf', pvh: true, reachBytes: 0x1000000 + 100, payload: undefined });
});

const broken = (change: (bytes: Buffer) => void) => bzImage({ change });
const whole = bzImage();

test.each([
  ['an empty file', Buffer.alloc(0), 'k is empty'],
  ['a text', Buffer.from('hello world\n'), 'it is a text file'],
  ['a gzip file', gzipSync('x'), 'it is gzip-compressed data'],
  ['zeros', Buffer.alloc(4096), 'it is nothing but zeros'],
  ['a bzImage that is cut', whole.subarray(0, -1), `its header says ${whole.length} bytes, the file has ${whole.length - 1}`],
  ['a bzImage that is cut in its header', whole.subarray(0, 0x230), 'its boot header ends at byte 616, the file has 560'],
  ['a 32-bit kernel', broken((bytes) => bytes.writeUInt16LE(0, 0x236)), 'is a 32-bit kernel'],
  ['an old kernel', broken((bytes) => bytes.writeUInt16LE(0x0205, 0x206)), 'before Linux 3.8'],
  ['a payload beyond the end', broken((bytes) => bytes.writeUInt32LE(2 ** 30, 0x24c)), 'places the compressed kernel at'],
  ['no payload', broken((bytes) => bytes.writeUInt32LE(0, 0x24c)), 'places the compressed kernel at'],
  ['a payload that is none', broken((bytes) => bytes.write('no!', payloadAt)), 'begins with 6e6f'],
  ['a payload too large for its room', broken((bytes) => bytes.writeUInt32LE(4096, 0x260)), 'unpacks to 5000 bytes'],
  ['a payload with a broken frame', broken((bytes) => bytes.writeUInt8(7, payloadAt + 2)), 'its gzip header is none'],
  ['a vmlinux for arm64', elf(183), 'is an ELF file for arm64'],
  ['a vmlinux without the PVH entry', elf(62, [{ type: 1, data: Buffer.alloc(9) }]), 'without the PVH entry'],
  [
    'a vmlinux that is cut',
    elf(62, [{ type: 1, data: Buffer.alloc(900) }]).subarray(0, -1),
    'at least 1020 bytes, the file has 1019',
  ],
  ['a module', elf(62, [], 1), 'an ELF object for x86-64, such as a kernel module'],
  ['a program', elf(62, [{ type: 3, data: Buffer.from('/lib/ld.so\0') }]), 'a dynamic ELF program for x86-64'],
])('refuses %s', (_what, bytes, reason) => {
  expect(() => facts(bytes)).toThrow(reason);
});

test('an initramfs in the kernel’s place is told where it belongs', () => {
  const packed = gzipSync(`070701${'0'.repeat(200)}`);
  const unpacked = Buffer.from('070701000');
  expect(() => kernelFacts(bytesOf(packed), 'k', unpacked)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('with a cpio archive in it'),
      hint: expect.stringContaining('--initrd'),
    }),
  );
});

test('whatever byte of a header is changed, the answer is an EulabError or facts', () => {
  for (let at = 0x1f1; at < 0x268; at += 1) {
    for (const value of [0, 0xff]) {
      const bytes = broken((image) => image.writeUInt8(value, at));
      let thrown: unknown;
      try {
        facts(bytes);
      } catch (error) {
        thrown = error;
      }
      if (thrown !== undefined) expect(thrown, `byte ${at} = ${value}`).toMatchObject({ name: 'EulabError', exitCode: 2 });
    }
  }
});

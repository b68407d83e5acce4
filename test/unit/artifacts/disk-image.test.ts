import { expect, test } from 'vitest';
import { diskImage } from '../../../src/artifacts/disk-image.ts';

function head(at: number, bytes: string | Buffer, length = 512): Buffer {
  const all = Buffer.alloc(length);
  Buffer.from(bytes as string, 'latin1').copy(all, at);
  return all;
}

function qcow2(version: number, backing?: { offset: number; length: number }): Buffer {
  const bytes = head(0, 'QFI\xfb');
  bytes.writeUInt32BE(version, 4);
  bytes.writeBigUInt64BE(BigInt(backing?.offset ?? 0), 8);
  bytes.writeUInt32BE(backing?.length ?? 0, 16);
  bytes.writeBigUInt64BE(2n ** 34n, 24);
  return bytes;
}

test.each([
  ['zeros', Buffer.alloc(512)],
  ['an ext4 without a boot block', head(0, '')],
  ['a partition table', head(510, '\x55\xaa')],
  ['a mark at another place', head(1, 'QFI\xfb')],
  ['nothing at all', Buffer.alloc(0)],
  ['a mark and no header', Buffer.from('QFI\xfb', 'latin1')],
])('%s is raw', (_what, bytes) => {
  expect(diskImage(bytes, 4096)).toEqual({ format: 'raw', bytes: 4096 });
});

test.each([2, 3])('a qcow2 of version %i has its size in its header', (version) => {
  expect(diskImage(qcow2(version), 65536)).toEqual({ format: 'qcow2', bytes: 2 ** 34, backing: undefined });
});

test('a qcow2 tells where its backing file is named', () => {
  const backing = { offset: 0x70, length: 9 };
  expect(diskImage(qcow2(3, backing), 65536)).toEqual({ format: 'qcow2', bytes: 2 ** 34, backing });
});

test.each([
  ['qcow, the first', qcow2(1), 'qcow'],
  ['VMDK', head(0, 'KDMV'), 'VMDK'],
  ['VDI', head(0x40, '\x7f\x10\xda\xbe'), 'VDI'],
  ['VHDX', head(0, 'vhdxfile'), 'VHDX'],
  ['gzip', head(0, '\x1f\x8b\x08'), 'gzip-compressed data'],
  ['xz', head(0, '\xfd7zXZ\0'), 'xz-compressed data'],
  ['zstd', head(0, '\x28\xb5\x2f\xfd'), 'zstd-compressed data'],
  ['ELF', head(0, '\x7fELF'), 'a program'],
])('%s is not taken for a raw disk', (_what, bytes, what) => {
  expect(diskImage(bytes, 4096)).toEqual({ format: 'other', what: expect.stringContaining(what) });
});

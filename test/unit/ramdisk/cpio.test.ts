import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { newc } from '../../../src/ramdisk/cpio.ts';
import { character, directory, type Entry, file, symlink } from '../../../src/ramdisk/entry.ts';
import { listed } from '../../archive.ts';

const pack = async (entries: Entry[], mtime?: number) => buffer(newc(entries, mtime));

async function* once(bytes: Uint8Array, pieceBytes = bytes.length) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

const names = async (bytes: Uint8Array, pieceBytes?: number) => {
  const found = [];
  for await (const { path, mode, size } of listed(once(bytes, pieceBytes))) found.push(`${path} ${mode.toString(8)} ${size}`);
  return found;
};

test('the bytes of a small archive', async () => {
  const archive = await pack([directory('bin'), file('bin/hi', Buffer.from('hello'), 0o755)], 0x10);
  //          magic ino     mode    uid     gid     nlink   mtime   size    dev 0:0         rdev 0:0        name    check
  expect(archive.toString('latin1').slice(0, 368)).toBe(
    '07070100000001000041ED0000000000000000000000010000001000000000000000000000000000000000000000000000000400000000' +
      'bin\0\0\0' +
      '07070100000002000081ED0000000000000000000000010000001000000005000000000000000000000000000000000000000700000000' +
      'bin/hi\0\0\0\0' +
      'hello\0\0\0' +
      '07070100000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000B00000000' +
      'TRAILER!!!\0\0\0\0',
  );
  expect(archive.length).toBe(512);
});

test('every kind of entry keeps its type, permissions and size', async () => {
  const archive = await pack([
    directory('tmp', 0o1777),
    file('a', Buffer.from('xyz')),
    symlink('link', '/a'),
    character('console', 5, 1),
    { type: 'block', path: 'vda', mode: 0o660, device: { major: 253, minor: 0 } },
    { type: 'fifo', path: 'pipe', mode: 0o644 },
  ]);
  expect(await names(archive)).toEqual([
    'tmp 41777 0',
    'a 100644 3',
    'link 120777 2',
    'console 20600 0',
    'vda 60660 0',
    'pipe 10644 0',
  ]);
});

test.each([1, 3, 110, 4096])('is read in pieces of %i bytes as in one', async (pieceBytes) => {
  const archive = await pack([directory('d'), file('d/f', new Uint8Array(5000).fill(7)), symlink('l', 'd/f')]);
  expect(await names(archive, pieceBytes)).toEqual(await names(archive));
});

test('concatenated segments, with zeros between them, are one list', async () => {
  const [first, second] = [await pack([file('a', new Uint8Array(1))]), await pack([file('b', new Uint8Array(2))])];
  expect(await names(Buffer.concat([first, Buffer.alloc(512), second]))).toEqual(['a 100644 1', 'b 100644 2']);
});

test('contents that come in pieces, and one that is empty', async () => {
  const pieces: Entry = { type: 'file', path: 'p', mode: 0o644, size: 6, data: once(Buffer.from('abcdef'), 4) };
  const archive = await pack([pieces, file('empty', new Uint8Array(0))]);
  expect(archive.includes('abcdef')).toBe(true);
  expect(await names(archive)).toEqual(['p 100644 6', 'empty 100644 0']);
});

test.each([
  ['/etc/passwd', 'no path'],
  ['../x', 'no path'],
  ['a/../b', 'no path'],
  ['a//b', 'no path'],
  ['./a', 'no path'],
  ['', 'no path'],
  ['a\0b', 'no path'],
])('refuses the path %j', async (path, reason) => {
  await expect(pack([file(path, new Uint8Array(0))])).rejects.toThrow(reason);
});

test.each([
  [3, '3 bytes long and has more'],
  [5, '5 bytes long and has 4'],
])('refuses a content of 4 bytes said to be %i', async (size, reason) => {
  const entry: Entry = { type: 'file', path: 'f', mode: 0o644, size, data: once(Buffer.from('abcd'), 1) };
  await expect(pack([entry])).rejects.toThrow(reason);
});

test('refuses a file of 4 GiB before it reads it', async () => {
  const entry: Entry = { type: 'file', path: 'huge', mode: 0o644, size: 2 ** 32, data: new Uint8Array(0) };
  await expect(pack([entry])).rejects.toThrow('below 4 GiB');
});

test.each([
  ['nothing', Buffer.alloc(0), 'empty'],
  ['text', Buffer.from('x'.repeat(200)), 'is no initramfs: neither a cpio archive nor a compressed one, but a text file'],
])('refuses %s', async (_what, bytes, reason) => {
  await expect(names(bytes)).rejects.toThrow(reason);
});

test('zeros alone hold no entry', async () => {
  expect(await names(Buffer.alloc(1024))).toEqual([]);
});

test.each([60, 112, 130])('says where an archive of %i bytes is cut', async (length) => {
  const archive = await pack([file('f', new Uint8Array(100))]);
  await expect(names(archive.subarray(0, length))).rejects.toThrow(/cut .*offset/);
});

test('refuses a name that is longer than a path can be, without taking the memory for it', async () => {
  const archive = Buffer.from(await pack([file('f', new Uint8Array(0))]));
  archive.write('FFFFFFFF', 94, 'latin1');
  await expect(names(archive)).rejects.toThrow('the name at offset 0');
});

test.each([
  ['the name of the end mark', file('TRAILER!!!', new Uint8Array(0)), 'TRAILER'],
  ['a name that the kernel would pass over', file(`${'d/'.repeat(2047)}ef`, new Uint8Array(0)), 'less than 4096 bytes'],
  ['a symlink to nothing', symlink('l', ''), 'l leads to ""'],
  ['a symlink to a NUL', symlink('l', 'a\0b'), 'l leads to "a'],
  ['a target that the kernel would pass over', symlink('l', 'x'.repeat(4097)), 'which is no path of 1 to 4096 bytes'],
  ['a device number below 0', character('dev/x', -1, 0), 'dev/x has a number'],
])('refuses %s', async (_what, entry, reason) => {
  await expect(pack([entry])).rejects.toThrow(reason);
});

test('takes the longest name and target that the kernel takes', async () => {
  const path = `${'d/'.repeat(2047)}e`;
  expect(await names(await pack([symlink(path, 'x'.repeat(4096))]))).toEqual([`${path} 120777 4096`]);
});

test.each([-1, 0.5, 2 ** 32, Number.NaN])('refuses a time of %d, which no header can hold', async (mtime) => {
  await expect(pack([directory('d')], mtime)).rejects.toThrow(RangeError);
});

test('a name counts in bytes', async () => {
  expect(await names(await pack([directory('köln'), file('köln/日本', new Uint8Array(3))]), 1)).toEqual([
    'köln 40755 0',
    'köln/日本 100644 3',
  ]);
});

test('content that comes in pieces gives the bytes of content at hand', async () => {
  const data = Uint8Array.from({ length: 300_001 }, (_, index) => index);
  const entry: Entry = { type: 'file', path: 'f', mode: 0o644, size: data.length, data: once(data, 70_000) };
  expect((await pack([entry])).equals(await pack([file('f', data)]))).toBe(true);
});

test('asks for no more than was taken, and gathers what is small', async () => {
  let given = 0;
  async function* long() {
    for (; given < 1000; given += 1) yield new Uint8Array(262_144);
  }
  const archive = newc([{ type: 'file', path: 'f', mode: 0o644, size: 262_144_000, data: long() }]);
  await archive.next();
  await archive.next();
  expect(given).toBeLessThan(4);
  await archive.return(undefined);

  let parts = 0;
  for await (const _ of newc(Array.from({ length: 5000 }, (_, index) => symlink(`bin/${index}`, 'busybox')))) parts += 1;
  expect(parts).toBeLessThan(20);
});

test('the crc form is read too', async () => {
  const archive = await pack([file('init', new Uint8Array(1))]);
  expect(await names(Buffer.from(archive.toString('latin1').replace('070701', '070702'), 'latin1'))).toHaveLength(1);
});

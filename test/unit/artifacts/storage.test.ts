import { expect, test } from 'vitest';
import { diskName, diskPath } from '../../../src/artifacts/storage.ts';
import { diskSize } from '../../../src/config.ts';

test.each(['data', 'a', '_x', 'debian-12.5', 'A_1', '0', 'x'.repeat(20)])('%s can be the name of a disk', (name) => {
  expect(diskName(name)).toBe(true);
});

test.each(['', '-x', '.', '..', '.hidden', 'a/b', 'a b', 'a,b', 'a:ro', 'a\nb', 'a\n', "it's", 'é', 'a\0', 'x'.repeat(21)])(
  '%j cannot',
  (name) => {
    expect(diskName(name)).toBe(false);
  },
);

test('a disk says its format by its name', () => {
  expect([diskPath('a', 'raw'), diskPath('a', 'qcow2')]).toEqual(['storage/a.img', 'storage/a.qcow2']);
});

test.each([
  ['64K', 2 ** 16],
  ['512M', 2 ** 29],
  ['2g', 2 ** 31],
  ['1T', 2 ** 40],
])('%s are %i bytes', (text, bytes) => {
  expect(diskSize(text)).toBe(bytes);
});

test.each([
  ['2', 'no size'],
  ['2GB', 'no size'],
  ['-1G', 'no size'],
  ['1.5G', 'no size'],
  ['', 'no size'],
  ['63K', 'too little'],
  ['16T', '16T or more'],
])('%s is refused', (text, why) => {
  expect(() => diskSize(text)).toThrow(why);
});

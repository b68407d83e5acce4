import { expect, test } from 'vitest';
import { firstDifference, placeOf } from '../../../src/verify/place.ts';
import { bzImage } from '../../images.ts';

const places = (bytes: Uint8Array) => ({
  length: bytes.length,
  at: (offset: number, count: number) => bytes.subarray(offset, offset + count),
});
const text = (words: string) => places(Buffer.from(words));
const flipped = (bytes: Uint8Array, offset: number) => {
  const copy = Buffer.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ 1;
  return places(copy);
};

test.each([
  ['abc', 'abc', undefined],
  ['abc', 'abd', 2],
  ['abc', 'abcd', 3],
  ['x'.repeat(70_000), `${'x'.repeat(69_999)}y`, 69_999],
])('the first difference of two files', (a, b, offset) => {
  expect(firstDifference(text(a), text(b))).toBe(offset);
});

test('a text by its line', () => {
  expect(placeOf('config', text('A=y\nB=y\n'), text('A=y\nB=m\n'))).toBe('line 2: "B=y", and again "B=m"');
  expect(placeOf('System.map', text('a\n'), text('a\nb\n'))).toBe('line 2: "", and again "b"; 2 bytes, and 4 again');
});

const image = bzImage();

test.each([
  [0x1f5, 'the setup header and code, from offset 501'],
  [image.length - 1, /from offset \d+$/],
])('a bzImage by its parts: byte %i', (offset, where) => {
  expect(placeOf('bzImage', places(image), flipped(image, offset))).toMatch(where);
});

test('what is none of these by its offset', () => {
  expect(placeOf('vmlinux', text('no ELF'), text('no elf'))).toBe('from offset 3');
});

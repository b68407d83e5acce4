import { expect, test } from 'vitest';
import { lost } from '../../../src/kernel/requested.ts';

const config = (settings: Record<string, string>) => new Map(Object.entries(settings));

test.each([
  ['y', 'y'],
  ['n', 'n'],
  ['n', undefined],
  ['10', '10'],
  ['0x10', '0x10'],
  ['0X1F', '0x1f'],
  ['1F', '0x1f'],
  ['10', '0x10'],
  ['0x010', '0x10'],
  ['0x10', '16'],
  ['-3', '-3'],
  ['"a b"', '"a b"'],
])('asked %s and got %s is kept', (asked, got) => {
  expect(lost(config({ X: asked }), config(got === undefined ? {} : { X: got }))).toEqual([]);
});

test.each([
  ['y', undefined, 'n'],
  ['y', 'm', 'm'],
  ['y', 'n', 'n'],
  ['m', 'y', 'y'],
  ['n', 'y', 'y'],
  ['10', '11', '11'],
  ['10', undefined, 'n'],
  ['16', '0x10', '0x10'],
  ['"a"', '"A"', '"A"'],
  ['"10"', '10', '10'],
  ['""', undefined, 'n'],
])('asked %s and got %s is lost', (asked, got, shown) => {
  expect(lost(config({ X: asked }), config(got === undefined ? {} : { X: got }))).toEqual([{ symbol: 'X', asked, got: shown }]);
});

test('the order is that of the asking', () => {
  expect(lost(config({ B: 'y', A: 'y', C: 'n' }), config({ C: 'y' })).map(({ symbol }) => symbol)).toEqual(['B', 'A', 'C']);
});

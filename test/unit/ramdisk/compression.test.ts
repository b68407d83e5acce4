import { expect, test } from 'vitest';
import { parsed } from '../../../src/option-parsers.ts';
import { settled } from '../../../src/ramdisk/compression.ts';
import { compressionSchema } from '../../../src/ramdisk-values.ts';

const [small, large] = [2 ** 20, 2 ** 26];
const able = (symbols: readonly string[], programs: readonly string[] = ['zstd', 'lz4', 'xz']) => ({
  config: (symbol: string) => (symbols.some((one) => symbol === `CONFIG_RD_${one}`) ? 'y' : 'n'),
  here: (program: string) => programs.includes(program),
});
const unknown = { config: undefined, here: (_: string): boolean => true };
const all = ['GZIP', 'ZSTD', 'LZ4', 'XZ'];
const auto = { method: 'auto', level: undefined } as const;

test.each([
  ['a small one', undefined, small, able(all), 'gzip'],
  ['a large one', undefined, large, able(all), 'zstd'],
  ['a large one for a kernel without zstd', undefined, large, able(['GZIP', 'LZ4']), 'gzip'],
  ['a large one on a host without zstd', undefined, large, able(all, []), 'gzip'],
  ['a large one for a kernel that nobody knows', undefined, large, unknown, 'gzip'],
  ['a small one for a kernel without gzip', undefined, small, able(['XZ']), 'xz'],
  ['the soonest', auto, small, able(all), 'lz4'],
  ['the soonest without lz4', auto, large, able(['GZIP', 'ZSTD']), 'zstd'],
  ['the soonest for a kernel that unpacks nothing', auto, large, able([]), 'none'],
  ['the soonest for a kernel that nobody knows', auto, large, unknown, 'gzip'],
])('%s', (_, wanted, bytes, abilities, method) => {
  expect(settled(wanted, bytes, abilities).method).toBe(method);
});

test('what is asked for is taken as it is', () => {
  expect(settled({ method: 'xz', level: 9 }, small, able([]))).toEqual({ method: 'xz', level: 9 });
});

const parse = parsed(compressionSchema);
test.each([
  ['gzip', { method: 'gzip', level: undefined }],
  ['zstd:19', { method: 'zstd', level: 19 }],
  ['xz:0', { method: 'xz', level: 0 }],
  ['auto', { method: 'auto', level: undefined }],
])('--compression %s', (text, wanted) => {
  expect(parse(text)).toEqual(wanted);
});
test.each([
  '',
  'bzip2',
  'gzip:',
  'gzip:0',
  'gzip:10',
  'lz4:13',
  'zstd:23',
  'none:1',
  'auto:1',
  'toString:1',
  'constructor:1',
  'gzip:1:2',
])('--compression %s is refused', (text) => {
  expect(() => parse(text)).toThrow('none of auto, gzip');
});

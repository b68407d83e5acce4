import { expect, test } from 'vitest';
import { duration, memory } from '../../src/config.ts';

test.each([
  ['512M', 512 * 2 ** 20],
  ['512', 512 * 2 ** 20],
  ['2g', 2 * 2 ** 30],
  ['65536K', 64 * 2 ** 20],
])('memory of %s', (text, bytes) => {
  expect(memory(text)).toBe(bytes);
});

test.each([
  ['8M', 'too little'],
  ['0', 'too little'],
  ['-1', 'no size'],
  ['1.5G', 'no size'],
  ['many', 'no size'],
  ['', 'no size'],
  ['99999G', 'more than 4096G'],
])('no memory of %j', (text, reason) => {
  expect(() => memory(text)).toThrow(reason);
});

test.each([
  ['5', 5000],
  ['500ms', 500],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('a time of %s', (text, ms) => {
  expect(duration(text)).toBe(ms);
});

test.each([
  ['0', 'no time at all'],
  ['-5s', 'no time such as'],
  ['soon', 'no time such as'],
  ['900h', 'more than 24 days'],
])('no time of %j', (text, reason) => {
  expect(() => duration(text)).toThrow(reason);
});

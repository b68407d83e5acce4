import { expect, test } from 'vitest';
import { duration, memory, phaseLimit, topology } from '../../src/config.ts';

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

test.each([
  ['4', { count: 4 }],
  ['sockets=2,cores=3', { count: 6, sockets: 2, cores: 3, threads: 1 }],
  ['threads=2,cores=2,sockets=2', { count: 8, sockets: 2, cores: 2, threads: 2 }],
])('CPUs of %s', (text, expected) => {
  expect(topology(text)).toEqual(expected);
});

test.each([
  ['0', 'less than 1'],
  ['sockets=0', 'less than 1'],
  ['5000', 'more than 4096'],
  ['-1', 'is no number'],
  ['two', 'is no number'],
  ['cores=2,dies=2', 'is no number'],
  ['cores=', 'is no number'],
])('no CPUs of %j', (text, reason) => {
  expect(() => topology(text)).toThrow(reason);
});

test('limits of phases add up, and the last one of a phase counts', () => {
  const asked = ['kernel=10s', 'silence=none', 'kernel=500ms'].reduce((earlier, text) => phaseLimit(text, earlier), {});
  expect(asked).toEqual({ kernel: 500, silence: Number.POSITIVE_INFINITY });
});

test.each([
  ['kernel', 'no time such as'],
  ['shutdown=5s', 'firmware, kernel, init, command, silence'],
  ['=5s', 'no limit such as'],
  ['kernel=soon', 'no time such as'],
  ['kernel=', 'no time such as'],
  ['whole=5s', 'no limit such as'],
])('no limit of %j', (text, reason) => {
  expect(() => phaseLimit(text)).toThrow(reason);
});

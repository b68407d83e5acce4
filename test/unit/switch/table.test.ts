import { expect, test } from 'vitest';
import { AddressTable } from '../../../src/switch/table.ts';

const [a, b, everybody] = ['020000000001', '020000000002', 'ffffffffffff'];

function frame(to: string, from: string): Buffer {
  return Buffer.concat([Buffer.from(to + from, 'hex'), Buffer.alloc(48)]);
}

test('an unknown address goes to all, a known one to its port, and nothing back to where it came from', () => {
  const table = new AddressTable<string>();
  expect(table.route(frame(b, a), 'left', 0)).toBe('all');
  expect(table.route(frame(a, b), 'right', 1)).toBe('left');
  expect(table.route(frame(b, a), 'left', 2)).toBe('right');
  expect(table.route(frame(b, a), 'right', 3)).toBe('none');
});

test.each([
  ['everybody', everybody],
  ['an IPv6 group', '333300000001'],
])('%s is all, and never learnt', (_what, group) => {
  const table = new AddressTable<string>();
  expect(table.route(frame(group, a), 'left', 0)).toBe('all');
  table.route(frame(a, group), 'right', 1);
  expect(table.size).toBe(1);
  expect(table.route(frame(group, b), 'right', 2)).toBe('all');
});

test('a machine that moves is found at its new port', () => {
  const table = new AddressTable<string>();
  table.route(frame(b, a), 'left', 0);
  table.route(frame(b, a), 'middle', 1);
  expect(table.route(frame(a, b), 'right', 2)).toBe('middle');
});

test('an address is forgotten with its port, and after five minutes of silence', () => {
  const table = new AddressTable<string>();
  table.route(frame(everybody, a), 'left', 0);
  table.route(frame(everybody, b), 'right', 0);
  expect(table.route(frame(a, b), 'right', 300_000)).toBe('left');
  expect(table.route(frame(a, b), 'right', 300_001)).toBe('all');
  table.forget('right');
  expect(table.route(frame(b, a), 'left', 300_002)).toBe('all');
});

test('one machine that makes up addresses takes no more than its part, and those in use stay', () => {
  const table = new AddressTable<string>();
  for (let number = 0; number < 10_000; number += 1) {
    table.route(frame(everybody, `0200${number.toString(16).padStart(8, '0')}`), 'flood', number);
    table.route(frame(everybody, '02ff00000001'), 'quiet', number);
  }
  expect(table.size).toBe(4096);
  expect(table.route(frame('02ff00000001', a), 'left', 10_000)).toBe('quiet');
});

test('what is shorter than a header goes nowhere', () => {
  expect(new AddressTable<string>().route(Buffer.alloc(13), 'left', 0)).toBe('none');
});

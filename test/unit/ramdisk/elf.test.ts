import { expect, test } from 'vitest';
import { applets } from '../../../src/ramdisk/applets.ts';
import { elf } from '../../../src/ramdisk/elf.ts';

interface Segment {
  readonly type: number;
  readonly data: Buffer;
}

/** An ELF file with these program headers, each segment's data behind them. */
function program(machine: number, segments: readonly Segment[]): Buffer {
  const head = Buffer.alloc(64 + 56 * segments.length);
  head.write('7f454c46020101', 'hex');
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(segments.length, 56);
  let offset = head.length;
  for (const [index, { type, data }] of segments.entries()) {
    head.writeUInt32LE(type, 64 + 56 * index);
    head.writeBigUInt64LE(BigInt(offset), 64 + 56 * index + 8);
    head.writeBigUInt64LE(BigInt(data.length), 64 + 56 * index + 32);
    offset += data.length;
  }
  return Buffer.concat([head, ...segments.map(({ data }) => data)]);
}

const dynamic = (...tags: number[]) => ({
  type: 2,
  data: Buffer.concat(tags.map((tag) => Buffer.from([tag, ...Array(15).fill(0)]))),
});
const interpreter = { type: 3, data: Buffer.from('/lib/ld-musl-x86_64.so.1\0') };

test.each([
  ['static', program(62, [{ type: 1, data: Buffer.alloc(8) }]), { machine: 'x86_64', static: true, interpreter: undefined }],
  ['static-pie', program(62, [dynamic(5, 6, 0)]), { machine: 'x86_64', static: true, interpreter: undefined }],
  [
    'with an interpreter',
    program(62, [interpreter]),
    { machine: 'x86_64', static: false, interpreter: '/lib/ld-musl-x86_64.so.1' },
  ],
  ['with a library', program(183, [dynamic(1, 0)]), { machine: 'aarch64', static: false, interpreter: undefined }],
  ['for a machine unknown to us', program(8, []), { machine: 'other', static: true, interpreter: undefined }],
])('a program that is %s', (_what, bytes, facts) => {
  expect(elf(bytes, 'busybox')).toEqual(facts);
});

test.each([
  ['text', Buffer.from('#!/bin/sh\n'.repeat(10)), 'busybox is no ELF program'],
  ['nothing', Buffer.alloc(0), 'busybox is no ELF program'],
  ['32 bit', Buffer.concat([Buffer.from('7f454c4601', 'hex'), Buffer.alloc(100)]), 'no 64-bit'],
  ['cut headers', program(62, [interpreter]).subarray(0, 100), 'program headers lie beyond its end'],
  ['a cut segment', program(62, [interpreter]).subarray(0, 130), 'a segment lies beyond its end'],
])('refuses %s', (_what, bytes, reason) => {
  expect(() => elf(bytes, 'busybox')).toThrow(reason);
});

test('finds the applets of a busybox by their table', () => {
  const binary = Buffer.from('\x7fELF junk\0sh\0\0more\0[\0[[\0ash\0cat\0sh\0\0[ %s ]\0');
  expect(applets(binary, 'busybox')).toEqual(['[', '[[', 'ash', 'cat', 'sh']);
  expect(() => applets(Buffer.from('no table'), '/bin/true')).toThrow('/bin/true is no busybox');
});

test.each([
  ['an object file', 1],
  ['a core file', 4],
])('refuses %s, of which "static" would be true', (_what, type) => {
  const bytes = program(62, []);
  bytes.writeUInt16LE(type, 16);
  expect(() => elf(bytes, 'f')).toThrow('f is no program');
});

test('is cut wherever it is cut, and wild offsets are a cut too', () => {
  const bytes = program(62, [dynamic(5, 0), interpreter]);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => elf(bytes.subarray(0, length), 'f'), `at ${length}`).toThrow(/^f is (no ELF program|cut)/);
  }
  for (const at of [32, 64 + 8, 64 + 32]) {
    const wild = Buffer.from(bytes);
    wild.writeBigUInt64LE(2n ** 64n - 1n, at);
    expect(() => elf(wild, 'f'), `field at ${at}`).toThrow('f is cut');
  }
});

test('reads bytes where they lie in a larger buffer', () => {
  const inside = Buffer.concat([Buffer.alloc(7, 0xff), program(62, [interpreter])]).subarray(7);
  expect(elf(inside, 'f').interpreter).toBe('/lib/ld-musl-x86_64.so.1');
});

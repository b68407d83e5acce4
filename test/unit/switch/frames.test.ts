import { expect, test } from 'vitest';
import { FrameReader } from '../../../src/switch/frames.ts';

function record(length: number, fill: number): Buffer {
  const bytes = Buffer.alloc(4 + length, fill);
  bytes.writeUInt32BE(length);
  return bytes;
}

const records = [record(60, 1), record(1, 2), record(1514, 3), record(69_632, 4), record(64, 5)];

test.each([1, 2, 3, 5, 61, 64, 1000, 4096, 65_536, 1 << 20])('frames in chunks of %d bytes come out as they went in', (size) => {
  const stream = Buffer.concat(records);
  const reader = new FrameReader();
  const found: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) found.push(...reader.take(stream.subarray(at, at + size)));
  expect(found.map((bytes) => bytes.length)).toEqual(records.map((bytes) => bytes.length));
  expect(Buffer.concat(found).equals(stream)).toBe(true);
});

test('a frame comes out with its last byte, not before', () => {
  const reader = new FrameReader();
  const bytes = record(60, 7);
  expect(reader.take(bytes.subarray(0, 63))).toEqual([]);
  expect(reader.take(bytes.subarray(63))).toEqual([bytes]);
  expect(reader.take(Buffer.alloc(0))).toEqual([]);
});

test.each([0, 69_633, 0xffff_ffff])('a frame of %d bytes is none', (length) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  expect(() => new FrameReader().take(Buffer.concat([record(60, 1), bytes]))).toThrow(RangeError);
});

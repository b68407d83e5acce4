import { expect, test } from 'vitest';
import { arps, arpText, frames } from '../../../src/learn/packets.ts';
import { pcapHeader, pcapRecord } from '../../../src/switch/pcap.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const request = bytes('ffffffffffff 02eb00000001 0806 0001 0800 06 04 0001 02eb00000001 0a060202 000000000000 0a060201');
const reply = bytes('02eb00000001 525500000002 0806 0001 0800 06 04 0002 525500000002 0a060201 02eb00000001 0a060202');
const other = bytes(`ffffffffffff 02eb00000001 86dd ${'00'.repeat(40)}`);

const file = (...all: readonly Buffer[]) => Buffer.concat([pcapHeader(), ...all.map((frame) => pcapRecord(frame, 1000))]);

test('questions and answers of ARP, and nothing else', () => {
  const found = arps(file(other, request, reply, bytes('0806')));
  expect(found).toEqual([
    { kind: 'request', from: '02:eb:00:00:00:01', about: '10.6.2.1' },
    { kind: 'reply', from: '52:55:00:00:00:02', about: '10.6.2.1' },
  ]);
  expect(found.map(arpText)).toEqual(['02:eb:00:00:00:01 asks: who has 10.6.2.1?', '52:55:00:00:00:02 answers: I have 10.6.2.1']);
});

test.each([
  ['none', Buffer.alloc(0), 0],
  ['of another kind', Buffer.alloc(100, 1), 0],
  ['with no frame', file(), 0],
  ['whole', file(request, reply), 2],
  ['cut in a frame', file(request, reply).subarray(0, -5), 1],
  ['cut in a header', file(request, reply).subarray(0, 24 + 16 + request.length + 7), 1],
])('the frames of a file: %s', (_what, content, count) => {
  expect(frames(content)).toHaveLength(count);
});

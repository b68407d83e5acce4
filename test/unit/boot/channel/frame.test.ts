import { expect, test } from 'vitest';
import {
  count,
  encode,
  type Frame,
  Frames,
  frameType,
  type GuestCommand,
  hello,
  openData,
  parseHello,
  parseOpen,
  renewData,
} from '../../../../src/boot/channel/frame.ts';

const bytes = Buffer.concat([
  Buffer.from('Booting from ROM...\r\n\0EULAB-AGEN'),
  hello({ version: 1, window: 2048 }),
  encode(frameType.output, 7, Buffer.from('hello'), 2),
  encode(frameType.exit, 7, Buffer.from([42])),
]);

function read(pieces: readonly Buffer[]): Frame[] {
  const frames = new Frames();
  return pieces.flatMap((piece) => frames.take(piece));
}

test.each([
  ['at once', [bytes]],
  ['byte by byte', [...bytes].map((byte) => Buffer.from([byte]))],
  ['cut inside a header', [bytes.subarray(0, 40), bytes.subarray(40, 70), bytes.subarray(70)]],
])('frames that come %s, behind what is no greeting', (_how, pieces) => {
  expect(read(pieces)).toEqual([
    { type: frameType.hello, stream: 0, session: 0, data: Buffer.from('EULAB-AGENT 1 2048\n') },
    { type: frameType.output, stream: 2, session: 7, data: Buffer.from('hello') },
    { type: frameType.exit, stream: 0, session: 7, data: Buffer.from([42]) },
  ]);
});

test('what is not greeted is passed over, and not kept', () => {
  const frames = new Frames();
  for (let at = 0; at < 1000; at += 1) expect(frames.take(Buffer.alloc(1000, 'x'))).toEqual([]);
  expect(frames.take(hello({ version: 1, window: 0 })).length).toBe(1);
});

test('a frame that is longer than one may be is an error', () => {
  expect(() => new Frames(true).take(Buffer.from('8100000000000002', 'hex'))).toThrow(RangeError);
});

test.each([
  ['EULAB-AGENT 1 0\n', { version: 1, window: 0 }],
  ['EULAB-AGENT 1 2048\n', { version: 1, window: 2048 }],
  ['EULAB-AGENT 1', undefined],
  ['EULAB-AGENT x 0\n', undefined],
])('the greeting %j', (text, expected) => {
  expect(parseHello(Buffer.from(text))).toEqual(expected);
});

const command: GuestCommand = {
  argv: [Buffer.from('printf'), Buffer.from([0xff, 0x0a, 0x27, 0x01]), Buffer.alloc(0)],
  env: [Buffer.from('A=é\n')],
  folder: Buffer.from('/tmp'),
  terminal: { rows: 50, columns: 132 },
  sync: true,
};

test.each<[string, Partial<GuestCommand>]>([
  ['with a terminal', {}],
  ['with pipes, no folder, no variables', { terminal: undefined, folder: Buffer.alloc(0), env: [], sync: false }],
  ['of 200 kB', { argv: Array.from({ length: 2000 }, () => Buffer.alloc(100, 'a')) }],
])('a command %s arrives as it was sent', (_what, changes) => {
  const sent = { ...command, ...changes };
  const got = parseOpen(openData(sent));
  // As texts: two buffers are compared byte by byte, as the elements of arrays.
  const texts = (words: readonly Uint8Array[] = []) => words.map((word) => Buffer.from(word).toString('latin1'));
  expect(texts(got?.argv)).toEqual(texts(sent.argv));
  expect(texts(got?.env)).toEqual(texts(sent.env));
  expect([got?.folder, got?.terminal, got?.sync]).toEqual([sent.folder, sent.terminal, sent.sync]);
});

test('a word with NUL is refused', () => {
  expect(() => openData({ ...command, argv: [Buffer.from('a\0b')] })).toThrow('NUL');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a cut one', openData(command).subarray(0, -3)],
  ['one with too few words', Buffer.concat([openData(command).subarray(0, 5), count(9), openData(command).subarray(9)])],
])('%s is no command', (_what, data) => {
  expect(parseOpen(data)).toBeUndefined();
});

test('a renewal has time, entropy and address at their places', () => {
  const data = renewData({ nowMs: 1_700_000_000_250, entropy: Buffer.alloc(64, 7), mac: Buffer.from('525400123456', 'hex') });
  expect([data.readBigUInt64LE(0), data.readUInt32LE(8)]).toEqual([1_700_000_000n, 250_000_000]);
  expect([data[12], data[75], data.subarray(76).toString('hex')]).toEqual([7, 7, '525400123456']);
});

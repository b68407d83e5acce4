import { expect, test } from 'vitest';
import { Captured } from '../../../src/mcp/captured.ts';

/** Takes chunks and says what was kept. */
function kept(most: number, ...chunks: readonly (string | Buffer)[]) {
  const captured = new Captured(most);
  for (const chunk of chunks) captured.take(Buffer.from(chunk));
  return captured.kept();
}

const binary = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]);

test.each([
  ['nothing', 10, [], { text: '', encoding: 'utf8', bytes: 0, truncated: false }],
  ['a text', 10, ['hello'], { text: 'hello', encoding: 'utf8', bytes: 5, truncated: false }],
  ['a text in pieces, just as much as is kept', 10, ['hello', 'world'], { text: 'helloworld', bytes: 10, truncated: false }],
  ['a letter that comes in two pieces', 10, [Buffer.from([0xc3]), Buffer.from([0xa4])], { text: 'ä', encoding: 'utf8' }],
  [
    'a text that is too long: its beginning and its end',
    10,
    ['01234', '56789', 'abcdef'],
    { text: '01234\n[... 6 bytes are left out ...]\nbcdef', encoding: 'utf8', bytes: 16, truncated: true },
  ],
  [
    'letters that are cut on both sides',
    6,
    ['€€€€'],
    { text: '€\n[... 6 bytes are left out ...]\n€', encoding: 'utf8', bytes: 12, truncated: true },
  ],
  ['letters that are cut in their middle', 8, ['ab€€ab€€'], { text: 'ab\n[... 8 bytes are left out ...]\n€', encoding: 'utf8' }],
  ['bytes that are no text', 10, [binary], { text: binary.toString('base64'), encoding: 'base64', bytes: 6, truncated: false }],
  ['a NUL', 10, ['a\0b'], { text: Buffer.from('a\0b').toString('base64'), encoding: 'base64' }],
  [
    'more bytes than are kept: their beginning',
    4,
    [binary],
    { text: binary.subarray(0, 2).toString('base64'), encoding: 'base64', bytes: 6, truncated: true },
  ],
] as const)('%s', (_what, most, chunks, expected) => {
  expect(kept(most, ...chunks)).toMatchObject(expected);
});

test('however a text is cut into chunks, the same is kept', () => {
  const text = 'Grüße, 世界! '.repeat(40);
  const bytes = Buffer.from(text);
  const whole = kept(100, text);
  for (let size = 1; size < 40; size += 1) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    expect([size, kept(100, ...chunks)]).toEqual([size, whole]);
  }
});

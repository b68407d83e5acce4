import { expect, test } from 'vitest';
import { unlz4Whole } from '../../../../src/ramdisk/image/lz4.ts';

const magic = '02214c18';

/** A legacy frame of blocks, each given in hexadecimal. */
function frame(...blocks: string[]): Buffer {
  const parts = blocks.map((hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat([Buffer.from(magic, 'hex'), ...parts]);
}

test.each([
  ['literals alone', frame('30 616263'), 'abc'],
  ['a match that repeats itself', frame('16 61 0100 30 62 63 64'), `${'a'.repeat(11)}bcd`],
  ['a long match', frame(`1f 61 0100 ff 00 10 62`), `${'a'.repeat(1 + 15 + 255 + 4)}b`],
  ['two blocks', frame('10 61', '10 62'), 'ab'],
  ['two frames', Buffer.concat([frame('10 61'), frame('10 62')]), 'ab'],
])('%s', (_what, data, text) => {
  expect(Buffer.from(unlz4Whole(data)).toString()).toBe(text);
});

test.each([
  ['no lz4', Buffer.from('hello'), 'no lz4 data'],
  ['a cut block', frame('30 616263').subarray(0, -1), 'wrong length'],
  ['a cut length', frame('30 616263').subarray(0, 6), 'cut at byte 4'],
  ['a match from before the beginning', frame('14 61 0200 10 62'), 'damaged'],
  ['a match from nowhere', frame('14 61 0000 10 62'), 'damaged'],
  ['literals beyond the end', frame('f0 10 6162'), 'damaged'],
  ['an end within a match', frame('14 61 01'), 'damaged'],
])('refuses %s', (_what, data, reason) => {
  expect(() => unlz4Whole(data)).toThrow(reason);
});

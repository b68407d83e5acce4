import { expect, test } from 'vitest';
import { frameFault } from '../../../../src/boot/image/frames.ts';
import { bytesOf } from '../../../../src/ramdisk/image/bytes.ts';
import type { Compression } from '../../../../src/ramdisk/image/compression.ts';

const fault = (name: Compression['name'], hex: string) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return frameFault(bytesOf(bytes), name, 0, bytes.length);
};
const zeros = (count: number) => '00'.repeat(count);

test.each<[string, Compression['name'], string, string | undefined]>([
  ['gzip', 'gzip', `1f8b0800 ${zeros(16)}`, undefined],
  ['gzip with another method', 'gzip', `1f8b0700 ${zeros(16)}`, 'its gzip header is none'],
  ['xz', 'xz', `fd377a585a00 0004 ${zeros(20)} 0004 595a`, undefined],
  ['xz without its footer', 'xz', `fd377a585a00 0004 ${zeros(20)} 0004 0000`, 'its xz data does not end as such data does'],
  [
    'xz with two kinds of check',
    'xz',
    `fd377a585a00 0004 ${zeros(20)} 0001 595a`,
    'the header and the footer of its xz data differ',
  ],
  ['lz4', 'lz4', '02214c18 02000000 1061 02000000 1062', undefined],
  ['lz4 with a block too long', 'lz4', '02214c18 03000000 1061', 'its lz4 block at byte 4 has a wrong length'],
  ['lz4 with a cut length', 'lz4', '02214c18 02000000 1061 0200', 'its lz4 data is cut at byte 10'],
  ['zstd, one raw block', 'zstd', '28b52ffd 20 02 110000 6162', undefined],
  ['zstd, a repeated byte, and a checksum', 'zstd', '28b52ffd 24 ff 020000 61 110000 6162 01020304', undefined],
  ['zstd with a reserved bit', 'zstd', '28b52ffd 28 02 110000 6162', 'its zstd header is none'],
  ['zstd with a reserved kind of block', 'zstd', '28b52ffd 20 02 170000 6162', 'its zstd block at byte 6 has a wrong header'],
  ['zstd that is cut', 'zstd', '28b52ffd 20 02 100000 6162', 'its zstd data is cut at byte 11'],
  ['zstd that is too short', 'zstd', '28b52ffd 20 02 210000 6162', 'its zstd data is cut at byte 13'],
])('%s', (_what, name, hex, expected) => {
  expect(fault(name, hex)).toBe(expected);
});

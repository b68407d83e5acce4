import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzip } from '../../../src/ramdisk/gzip.ts';
import { packArchive } from '../../../src/ramdisk/pack.ts';
import { folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Some of it can be compressed, some not, and some only with what lies in the block before. */
const random = randomBytes(600_000);
const content = Buffer.concat([Buffer.alloc(700_000, 'text '), random, random, Buffer.alloc(3)]);

test.each([0, 1, 524_287, 524_288, 524_289, content.length])('%i bytes come back from one gzip member', async (length) => {
  const bytes = content.subarray(0, length);
  const packed = await buffer(gzip(pieces(bytes, 100_000), 6));
  expect(gunzipSync(packed).equals(bytes)).toBe(true);
  execFileSync('gzip', ['-t'], { input: packed });
  expect([packed.readUInt32LE(packed.length - 4), packed.indexOf(Buffer.of(0x1f, 0x8b, 8), 1)]).toEqual([length, -1]);
});

test('however the bytes come, the stream is the same, and what a block repeats of the last one is not there again', async () => {
  const packed = await buffer(gzip(pieces(content, 1000), 9));
  expect(packed.equals(await buffer(gzip(pieces(content, 700_001), 9)))).toBe(true);
  const text = Buffer.from(Array.from({ length: 400_000 }, (_, index) => `${index % 5000} `).join(''));
  const whole = execFileSync('gzip', ['-6', '-c'], { input: text });
  expect((await buffer(gzip(pieces(text, 65_536), 6))).length).toBeLessThan(whole.length * 1.03);
});

test('what the source throws is what is told', async () => {
  async function* broken() {
    yield content;
    throw new RangeError('the source broke');
  }
  using here = folder();
  for (const method of ['gzip', 'zstd'] as const) {
    await expect(packArchive(broken(), join(here.path, 'image'), { method })).rejects.toThrow('the source broke');
  }
});

requires(
  'zstd',
  'lz4',
  'xz',
  'gzip',
)('every method gives what its program unpacks', async () => {
  using here = folder();
  const image = join(here.path, 'image');
  const unpack = {
    gzip: ['gzip', '-dc'],
    zstd: ['zstd', '-dcq'],
    lz4: ['lz4', '-dc'],
    xz: ['xz', '-dc'],
    none: ['cat'],
  } as const;
  for (const [method, [program, ...args]] of Object.entries(unpack)) {
    const { bytes } = await packArchive(pieces(content, 65_536), image, { method: method as keyof typeof unpack });
    expect(execFileSync(program, args, { input: readFileSync(image), maxBuffer: 1 << 26 }).equals(content), method).toBe(true);
    expect(bytes).toBe(readFileSync(image).length);
  }
});

import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EulabError } from '../../../src/errors.ts';
import { bytesOf } from '../../../src/ramdisk/image/bytes.ts';
import { extract } from '../../../src/ramdisk/image/extract.ts';
import { inspect } from '../../../src/ramdisk/image/inspect.ts';
import { raw } from '../../archive.ts';
import { folder } from '../../eulab.ts';

/** How many broken images are read: a million takes an hour. */
const runs = Number(process.env['EULAB_MUTATIONS'] ?? 3000);
/** Of the CPU: the machine may be busy with something else. What waits for ever ends at the test's own limit. */
const longestMs = 1000;
const mostBytes = 300 * 2 ** 20;

const plain = raw(
  { name: 'bin', mode: 0o040755 },
  { name: 'bin/sh', data: `\x7fELF${'x'.repeat(300)}` },
  { name: 'sbin', mode: 0o120777, data: 'bin' },
  { name: 'sbin/a', data: 'one', fields: { 0: 9, 4: 2 } },
  { name: 'b', data: 'two', fields: { 0: 9, 4: 2 } },
  { name: 'dev', mode: 0o040755 },
  { name: 'dev/console', mode: 0o020600, fields: { 9: 5, 10: 1 } },
  { name: 'init', data: '#!/bin/sh\n' },
);
const through = (program: string, ...args: string[]) => execFileSync(program, args, { input: plain, stdio: 'pipe' });
const gzip = gzipSync(plain);
/** Those that no program is started for. */
const quick = [plain, gzip, Buffer.concat([plain, gzip, Buffer.alloc(3), gzip]), through('lz4', '-l', '-c')];
const slow = [
  through('xz', '--check=crc32'),
  through('zstd', '-q'),
  through('bzip2'),
  through('lzop'),
  through('xz', '--format=lzma'),
];

/** One change: bytes overwritten, put in, taken away, or the rest cut off; a header's field set to a number that lies. */
const change = fc.record({
  at: fc.nat(4000),
  kind: fc.constantFrom('over', 'over', 'in', 'out', 'cut', 'field', 'field'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  number: fc.constantFrom(0, 1, 2, 109, 110, 4096, 4097, 0x7fffffff, 0x80000000, 0xffffffff, 0o120777, 0o040755, 0o100755),
});

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function changed(image: Buffer, { at, kind, bytes, number }: Change): Buffer {
  const place = at % Math.max(1, image.length);
  const [left, right] = [image.subarray(0, place), image.subarray(place)];
  switch (kind) {
    case 'over':
      return Buffer.concat([left, bytes, right.subarray(bytes.length)]);
    case 'in':
      return Buffer.concat([left, bytes, right]);
    case 'out':
      return Buffer.concat([left, right.subarray(bytes.length)]);
    case 'cut':
      return Buffer.from(left);
    default: {
      const header = image.indexOf('070701', place);
      if (header < 0) return image;
      const field = header + 6 + 8 * ((bytes[0] ?? 0) % 13);
      const text = Buffer.from(number.toString(16).padStart(8, '0'));
      return Buffer.concat([image.subarray(0, field), text, image.subarray(field + 8)]);
    }
  }
}

/** What is no EulabError is a fault of ours. */
async function withstands(image: Buffer, to?: string): Promise<void> {
  const before = process.cpuUsage();
  try {
    if (to === undefined) await inspect(bytesOf(image));
    else await extract(bytesOf(image), to, { paths: [], devices: false, owners: false, force: true, mostBytes: 2 ** 20 });
  } catch (error) {
    if (!(error instanceof EulabError)) throw error;
  }
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(longestMs);
}

test('images with bytes changed are read or refused, in time, in little memory', async () => {
  const before = process.memoryUsage.rss();
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...quick), changes, (image, list) => withstands(list.reduce(changed, image))),
    { numRuns: runs },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...slow), changes, (image, list) => withstands(list.reduce(changed, image))),
    { numRuns: Math.min(runs / 20, 20_000) },
  );
  expect(process.memoryUsage.rss() - before).toBeLessThan(mostBytes);
}, 7_200_000);

const part = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'outside', 'out', '\n', 'é', 'x'.repeat(300));
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const entry = fc.record({
  name: path.filter((name) => name !== ''),
  mode: fc.constantFrom(0o100755, 0o100755, 0o040755, 0o120777, 0o120777, 0o010644, 0o020600, 0o140644, 0),
  data: path,
  fields: fc.record({ 0: fc.nat(3), 4: fc.constantFrom(1, 2) }),
});

test('archives of hostile paths and links leave everything outside of the folder alone', async () => {
  using here = folder();
  writeFileSync(join(here.path, 'outside'), 'kept');
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
      const to = join(here.path, 'in/to');
      const archive = raw(
        ...entries.map(({ mode, data, ...rest }) => ({ ...rest, mode, data: [0o100755, 0o120777].includes(mode) ? data : '' })),
      );
      await withstands(archive, to);
      expect(readdirSync(here.path).toSorted()).toEqual(['in', 'outside']);
      expect(readdirSync(join(here.path, 'in'))).toEqual(['to']);
      rmSync(join(here.path, 'in'), { recursive: true });
    }),
    { numRuns: Math.min(runs / 10, 50_000) },
  );
}, 7_200_000);

import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bytesOf } from '../../../src/ramdisk/image/bytes.ts';
import { type Extraction, extract } from '../../../src/ramdisk/image/extract.ts';
import { inspect } from '../../../src/ramdisk/image/inspect.ts';
import { type RawEntry, raw } from '../../archive.ts';
import { folder } from '../../eulab.ts';

const link = (name: string, data: string): RawEntry => ({ name, mode: 0o120777, data });
const dir = (name: string): RawEntry => ({ name, mode: 0o040755 });
const hard = (name: string, data = ''): RawEntry => ({ name, data, fields: { 0: 77, 4: 2 } });
const all: Extraction = { paths: [], devices: false, owners: false, force: false, mostBytes: 2 ** 30 };

/** Links are not followed, as readdir's own recursion does. */
const below = (at: string) =>
  execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P\n'], { cwd: at, encoding: 'utf8' }).split('\n').filter(Boolean);

/** Everything below a folder, with what it is and has. */
function found(at: string): string[] {
  return below(at)
    .map((name) => {
      const stats = lstatSync(join(at, name));
      return `${name} ${stats.mode.toString(8)} ${stats.isFile() ? readFileSync(join(at, name), 'utf8') : ''}`;
    })
    .toSorted();
}

test.each<[string, RawEntry[], string[]]>([
  ['an absolute path', [{ name: '/evil', data: 'x' }], ['evil']],
  ['a path that leads out', [{ name: '../../evil', data: 'x' }], ['evil']],
  ['a path that leads out and in', [dir('a'), { name: 'a/../../b', data: 'x' }], ['a', 'b']],
  ['a file through a link that leads out', [link('out', '../outside'), { name: 'out/kept', data: 'x' }], ['out']],
  ['a file through an absolute link', [link('out', '/tmp'), { name: 'out/evil', data: 'x' }], ['out']],
  ['a file through a link to its own root', [dir('d'), link('out', '/d'), { name: 'out/f', data: 'x' }], ['d', 'd/f', 'out']],
  ['a link where a file is written next', [link('kept', '../outside/kept'), { name: 'kept', data: 'x' }], ['kept']],
  ['a hard link to a link that leads out', [link('l', '../outside/kept'), hard('l'), hard('m', 'x')], ['l', 'm']],
  ['a folder where a link was', [link('d', '../outside'), dir('d'), { name: 'd/kept', data: 'x' }], ['d', 'd/kept']],
  ['links in a circle', [link('a', 'b'), link('b', 'a'), { name: 'a/x', data: 'x' }], ['a', 'b']],
  ['a setuid file', [{ name: 's', mode: 0o106755, data: 'x' }], ['s']],
])('%s is extracted inside of the folder', async (_what, entries, names) => {
  using here = folder();
  mkdirSync(join(here.path, 'outside'));
  writeFileSync(join(here.path, 'outside/kept'), 'kept');
  const before = found(join(here.path, 'outside'));
  await extract(bytesOf(raw(...entries)), join(here.path, 'to'), all);
  expect(found(join(here.path, 'outside'))).toEqual(before);
  expect(readdirSync(here.path).toSorted()).toEqual(['outside', 'to']);
  const made = below(join(here.path, 'to')).filter((name) => !name.startsWith('dev'));
  expect(made.toSorted()).toEqual(names);
  for (const name of made) expect(lstatSync(join(here.path, 'to', name)).mode & 0o7000).toBe(0);
});

test('what is in a folder already is not written through', async () => {
  using here = folder();
  writeFileSync(join(here.path, 'kept'), 'kept');
  const to = join(here.path, 'to');
  mkdirSync(to);
  symlinkSync('../kept', join(to, 'file'));
  symlinkSync('..', join(to, 'folder'));
  const image = bytesOf(raw({ name: 'file', data: 'new' }));
  await expect(extract(image, to, all)).rejects.toThrow('is not empty');
  await extract(image, to, { ...all, force: true });
  expect(readFileSync(join(here.path, 'kept'), 'utf8')).toBe('kept');
  expect(readFileSync(join(to, 'file'), 'utf8')).toBe('new');
  const through = bytesOf(raw(dir('folder'), { name: 'folder/kept', data: 'new' }));
  await expect(extract(through, to, { ...all, force: true })).rejects.toThrow('is in the way');
  expect(readFileSync(join(here.path, 'kept'), 'utf8')).toBe('kept');
});

test('hard links are one file, and too many bytes are none', async () => {
  using here = folder();
  const image = bytesOf(raw(hard('a'), hard('b', 'both')));
  await expect(extract(image, join(here.path, 'none'), { ...all, mostBytes: 3 })).rejects.toThrow('4 bytes');
  expect(readdirSync(here.path)).toEqual([]);
  await extract(image, join(here.path, 'to'), all);
  const [a, b] = ['a', 'b'].map((name) => statSync(join(here.path, 'to', name)));
  expect(a?.ino).toBe(b?.ino);
  expect(readFileSync(join(here.path, 'to/a'), 'utf8')).toBe('both');
});

test.each<[string, Uint8Array, string]>([
  ['a size that reaches over the end', raw({ name: 'big', data: 'x', fields: { 6: 0xffffffff } }), 'cut in big, at offset 0'],
  ['a name of 4 GiB', raw({ name: 'f', fields: { 11: 0xffffffff } }), 'the name at offset 0 has 4294967295 bytes'],
  ['a name without its end', raw({ name: 'ff', fields: { 11: 2 } }), 'the name at offset 0 does not end with NUL'],
  [
    'a second header that is none',
    Buffer.from(
      raw({ name: 'a' })
        .toString('latin1')
        .replace(/070701(?!.*070701)/s, '07070x'),
      'latin1',
    ),
    'no newc header at offset 112',
  ],
  [
    'a wrong checksum',
    Buffer.from(raw({ name: 'a', data: 'abc' }).toString('latin1').replace('070701', '070702'), 'latin1'),
    'the checksum of a, at offset 0',
  ],
  [
    'the same, compressed',
    gzipSync(raw({ name: 'big', data: 'x', fields: { 6: 0xffffffff } })),
    'gzip-compressed archive: the archive is cut in big',
  ],
])('%s is an error that says where', async (_what, bytes, says) => {
  await expect(inspect(bytesOf(bytes))).rejects.toThrow(says);
});

/** The memory that reading may take. */
const mostBytes = 400 * 2 ** 20;

test('a packed image of gigabytes is read in little memory', async () => {
  const zeros = raw({ name: 'z', data: Buffer.alloc(2 ** 20), fields: { 6: 2 ** 31 } });
  const image = execFileSync('sh', ['-c', 'cat; head -c 400000000 /dev/zero'], {
    input: zeros.subarray(0, 116),
    maxBuffer: 2 ** 30,
  });
  const packed = gzipSync(image, { level: 1 });
  const before = process.memoryUsage().arrayBuffers;
  await expect(inspect(bytesOf(packed))).rejects.toThrow('cut in z');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mostBytes);
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { directory, type Entry, file } from '../../../src/ramdisk/entry.ts';
import { pack } from '../../../src/ramdisk/pack.ts';
import { bundled } from '../../bundled.ts';
import { requires } from '../../requires.ts';

let folder: string;
let packer: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eulab-pack-'));
  packer = join(folder, 'packer.mjs');
  const entry = join(import.meta.dirname, 'packer.ts');
  await bundled({ path: entry }, packer);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the packer by a shell line, in which "$@" is its call. */
function runPacker(line: string, ...args: readonly string[]) {
  return spawnSync('sh', ['-c', line, 'sh', process.execPath, packer, ...args], { encoding: 'utf8' });
}

test('the same entries give the same bytes, under another umask and in another time zone too', async () => {
  const one = join(folder, 'one.gz');
  const two = join(folder, 'two.gz');
  const first = runPacker('exec "$@"', one);
  const second = runPacker('umask 077; export TZ=Asia/Tokyo LC_ALL=C; cd /; exec "$@"', two);
  expect([first.stderr, second.stderr]).toEqual(['', '']);
  const [bytes, others] = await Promise.all([readFile(one), readFile(two)]);
  expect(others.equals(bytes)).toBe(true);
  expect(JSON.parse(first.stdout)).toMatchObject({ bytes: bytes.length });
  // Name and time of the gzip header.
  expect([...bytes.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
});

requires('gzip', 'cpio')('gzip and cpio read the image', () => {
  const image = join(folder, 'image.gz');
  expect(runPacker('exec "$@"', image, '3').stderr).toBe('');
  execFileSync('gzip', ['-t', image]);
  const list = spawnSync('cpio', ['-itv', '--quiet'], {
    input: gunzipSync(execFileSync('cat', [image])),
    env: { ...process.env, TZ: 'UTC' },
    encoding: 'utf8',
  });
  expect(list.stderr).toBe('');
  const lines = list.stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(7);
  expect(lines[1]).toMatch(/^crw------- +1 root +root +5, +1 Jan +2 +1970 dev\/console$/);
  expect(lines[6]).toMatch(/ 3145728 Jan +2 +1970 large$/);
});

test('memory does not grow with the image', () => {
  const rss = (mebibytes: string) => {
    const { stdout, stderr } = runPacker('exec "$@"', '/dev/null', mebibytes);
    expect(stderr).toBe('');
    return (JSON.parse(stdout) as { maxRssKiB: number }).maxRssKiB;
  };
  expect(rss('256')).toBeLessThan(rss('16') + 64 * 1024);
});

requires('unshare', 'mount')('a full disk is said in one line, and nothing stays behind', () => {
  // A mount namespace of its own: nobody else sees the small disk, and it goes away with the shell.
  const line = 'mount -t tmpfs -o size=64k none "$0" && "$@"; status=$?; ls -A "$0" >&2; exit $status';
  const disk = join(folder, 'disk');
  execFileSync('mkdir', [disk]);
  const inner = [
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    line,
    disk,
    process.execPath,
    packer,
    join(disk, 'image.gz'),
    '4',
    'random',
  ];
  const { status, stdout, stderr } = spawnSync('unshare', inner, { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  // What ls lists would follow it.
  expect(stderr.trimEnd()).toMatch(/^EulabError: no space is left on the disk of .*image\.gz$/);
});

const failures: readonly (readonly [string, Entry[], string])[] = [
  [
    'a content that is too short',
    [{ type: 'file', path: 'f', mode: 0o644, size: 4, data: new Uint8Array(3) }],
    'f was said to be 4',
  ],
  ['an impossible path', [directory('a'), file('a/../b', new Uint8Array(9))], 'a/../b'],
];
for (const [name, entries, words] of failures) {
  test(`${name} leaves no file`, async () => {
    await expect(pack(entries, join(folder, 'broken.gz'), 0)).rejects.toThrow(words);
    expect(await readdir(folder)).not.toContain('broken.gz');
  });
}

test('a folder that is not there is named', async () => {
  await expect(pack([directory('a')], join(folder, 'nowhere/image.gz'), 0)).rejects.toThrow(join(folder, 'nowhere/image.gz'));
});

import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';

/** A root with one of each kind. */
function plant(root: string): string {
  mkdirSync(join(root, 'bin'), { recursive: true, mode: 0o755 });
  mkdirSync(join(root, 'tmp'));
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
  writeFileSync(join(root, 'bin/one'), 'the same file\n', { mode: 0o755 });
  execFileSync('chmod', ['4755', join(root, 'bin/one')]);
  linkSync(join(root, 'bin/one'), join(root, 'bin/two'));
  linkSync(join(root, 'bin/one'), join(root, 'another'));
  writeFileSync(join(root, 'an empty one'), '');
  writeFileSync(join(root, 'large'), Buffer.alloc(1_300_000, 'x'));
  symlinkSync('bin/one', join(root, 'ünï'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  return root;
}

const packed = (...args: readonly string[]) => eulab(['ramdisk', 'pack', ...args]);

requires(
  'cpio',
  'bsdtar',
  'busybox',
)('a folder comes back from GNU cpio, bsdtar and busybox as it was, hard links as links', async () => {
  using here = folder();
  const root = plant(join(here.path, 'root'));
  const image = join(here.path, 'image.cpio');
  expect(await packed(root, image)).toMatchObject({ status: 0, stderr: expect.stringContaining('9 entries') });
  const facts = (at: string) =>
    execFileSync(
      'sh',
      ['-c', 'find . -mindepth 1 ! -type d -printf "%P %M %n %s %l\\n"; find . -mindepth 1 -type d -printf "%P %M\\n"'],
      {
        cwd: at,
        encoding: 'utf8',
      },
    )
      .split('\n')
      .toSorted();
  for (const [index, line] of ['cpio -idm --quiet', 'bsdtar -xpf -', 'busybox cpio -idm'].entries()) {
    const place = join(here.path, `out${index}`);
    mkdirSync(place);
    execFileSync('sh', ['-c', `umask 0; ${line} <../image.cpio`], { cwd: place, stdio: ['ignore', 'ignore', 'pipe'] });
    expect(facts(place), line).toEqual(facts(root));
    expect(readFileSync(join(place, 'another'), 'utf8'), line).toBe('the same file\n');
  }
});

test('what was extracted is packed again without a difference, devices and owners with it', async () => {
  using here = folder();
  const [root, first, out, second] = ['root', 'first.gz', 'out', 'second.cpio'].map((name) => join(here.path, name)) as [
    string,
    string,
    string,
    string,
  ];
  plant(root);
  const asRoot = process.getuid?.() === 0;
  if (asRoot) {
    execFileSync('mknod', [join(root, 'null'), 'c', '1', '3']);
    execFileSync('mknod', [join(root, 'disk'), 'b', '259', '300']);
    execFileSync('chown', ['12:34', join(root, 'large')]);
  }
  expect(await packed(root, first, '--owners')).toMatchObject({ status: 0 });
  const taking = asRoot ? ['--devices', '--owners'] : [];
  expect(await eulab(['ramdisk', 'extract', first, out, ...taking])).toMatchObject({ status: 0 });
  expect(await packed(out, second, '--owners')).toMatchObject({ status: 0 });
  expect(await eulab(['ramdisk', 'diff', first, second])).toMatchObject({ status: asRoot ? 0 : 1 });
  const { stdout } = await eulab(['ramdisk', 'ls', '-l', second]);
  if (asRoot) expect(stdout.toString()).toMatch(/^brw.* 259, 300 .* disk$/m);
  if (asRoot) expect(stdout.toString()).toMatch(/ 12 +34 +1300000 .* large$/m);
});

test('the same folder gives the same bytes: another time, another place', async () => {
  using here = folder();
  const [one, two] = ['one', 'two'].map((name) => plant(join(here.path, name))) as [string, string];
  for (const name of readdirSync(two)) if (lstatSync(join(two, name)).isFile()) utimesSync(join(two, name), 1e9, 1e9);
  for (const ending of ['.cpio', '.gz', '.zst', '.lz4', '.xz']) {
    const [a, b] = [one, two].map((root) => `${root}${ending}`) as [string, string];
    expect(await packed(one, a)).toMatchObject({ status: 0 });
    expect(await packed(two, b)).toMatchObject({ status: 0 });
    expect(readFileSync(a).equals(readFileSync(b)), ending).toBe(true);
    expect(await eulab(['ramdisk', 'diff', a, join(here.path, 'one.cpio')]), ending).toMatchObject({ status: 0 });
  }
  const dated = await eulab(['ramdisk', 'pack', one, join(here.path, 'dated.cpio')], { env: { SOURCE_DATE_EPOCH: '86400' } });
  expect(dated.status).toBe(0);
  const { stdout } = await eulab(['ramdisk', 'ls', '--json', join(here.path, 'dated.cpio')]);
  expect(new Set((JSON.parse(stdout.toString()) as { mtime: number }[]).map(({ mtime }) => mtime))).toEqual(new Set([86400]));
});

test('to stdout, for another program; one that goes away is no fault', async () => {
  using here = folder();
  const root = plant(join(here.path, 'root'));
  const image = join(here.path, 'image.cpio');
  await packed(root, image);
  const line = (rest: string) =>
    spawnSync(
      'sh',
      ['-c', `"$0" dist/eulab.mjs ramdisk pack "$1" - --compression none | ${rest}`, process.execPath, root, image],
      {
        encoding: 'utf8',
      },
    );
  expect(line('cmp - "$2"')).toMatchObject({ status: 0, stderr: '' });
  expect(line('head -c 10 >/dev/null')).toMatchObject({ status: 0, stderr: '' });
});

test('a place or a folder that cannot be is refused, and what was there stays', async () => {
  using here = folder();
  const root = plant(join(here.path, 'root'));
  const old = join(here.path, 'old.gz');
  writeFileSync(old, 'old');
  const refusals: [string, string, number, string][] = [
    [join(here.path, 'none'), old, 2, 'none is not there'],
    [join(root, 'large'), old, 2, 'large is no folder'],
    [root, join(root, 'bin/image.gz'), 2, 'would be packed into itself'],
    [root, join(here.path, 'no/image.gz'), 2, 'make it: mkdir -p'],
    [root, here.path, 2, 'is no file'],
  ];
  for (const [from, to, status, message] of refusals)
    expect(await packed(from, to), message).toMatchObject({ status, stderr: expect.stringContaining(message) });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), '');
  expect(await packed(root, old)).toMatchObject({ status: 1, stderr: expect.stringContaining('its name is not in UTF-8') });
  expect(readdirSync(here.path).toSorted()).toEqual(['old.gz', 'root']);
  expect(readFileSync(old, 'utf8')).toBe('old');
});

requires('unshare', 'mount')('a full disk is said, and the file from before is whole', async () => {
  using here = folder();
  const root = plant(join(here.path, 'root'));
  const disk = join(here.path, 'disk');
  mkdirSync(disk);
  const script =
    'mount -t tmpfs -o size=64k none "$1"; echo old >"$1/image.cpio"; "$2" dist/eulab.mjs ramdisk pack "$3" "$1/image.cpio"; ' +
    'echo $?; ls -A "$1"; cat "$1/image.cpio"';
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--map-root-user', '--mount', 'sh', '-c', script, 'sh', disk, process.execPath, root],
    { encoding: 'utf8' },
  );
  expect(stderr).toContain('no space is left');
  expect(stdout).toBe('1\nimage.cpio\nold\n');
  expect(existsSync(join(disk, 'image.cpio'))).toBe(false);
});

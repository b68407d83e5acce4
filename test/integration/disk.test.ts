import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { lock } from '../../src/artifacts/lock.ts';
import { bundle, type Ended, eulab, folder, program, root } from '../eulab.ts';
import { holder } from '../holder.ts';

const env = { EULAB_CACHE: '/nonexistent' };
const sbin = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** A workspace and eulab in it. */
function workspace() {
  const here = folder();
  return {
    path: here.path,
    storage: join(here.path, 'artifacts/storage'),
    disk: (...args: string[]): Promise<Ended> => eulab(['-C', here.path, 'disk', ...args], { env }),
    eulab: (...args: string[]): Promise<Ended> => eulab(['-C', here.path, ...args], { env }),
    [Symbol.dispose]: () => here[Symbol.dispose](),
  };
}

/** What e2fsck finds wrong, and the output of a request to debugfs. */
function ext4(image: string, request = 'stats'): string {
  execFileSync('e2fsck', ['-fn', image], { env: { ...process.env, ...sbin }, stdio: 'pipe' });
  return execFileSync('debugfs', ['-R', request, image], { env: { ...process.env, ...sbin }, stdio: 'pipe' }).toString();
}

test('a raw disk of 20 GiB with an ext4 takes a few MiB, is clean, and has its name as a label', async () => {
  using here = workspace();
  const { status, stderr } = await here.disk('create', 'data', '20G');
  expect([status, stderr]).toEqual([0, expect.stringMatching(/storage\/data\.img: 20\.0 GiB, of which \d\.\d MiB are taken\n$/)]);
  const found = statSync(join(here.storage, 'data.img'));
  expect(found.size).toBe(20 * 2 ** 30);
  expect(found.blocks * 512).toBeLessThan(8 * 2 ** 20);
  const stats = ext4(join(here.storage, 'data.img'));
  expect(stats).toMatch(/volume name: +data$/m);
  expect(stats).toMatch(/features: +has_journal /);
  // Nothing is left of how it was made.
  expect(readdirSync(join(here.path, 'artifacts')).sort()).toEqual(['storage', 'storage.manifest.json']);
});

test('formats and file systems; the list tells what is there', async () => {
  using here = workspace();
  expect((await here.disk('list')).stdout.toString()).toBe('');
  expect(JSON.parse((await here.disk('list', '--json')).stdout.toString())).toEqual([]);
  await here.disk('create', 'a', '1G', '--format', 'qcow2', '--label', 'two words');
  await here.disk('create', 'b', '64M', '--format', 'qcow2', '--fs', 'none');
  await here.disk('create', 'c', '1T', '--fs', 'none');
  const raw = join(here.path, 'raw');
  execFileSync('qemu-img', ['convert', '-O', 'raw', join(here.storage, 'a.qcow2'), raw]);
  expect(ext4(raw)).toMatch(/volume name: +two words$/m);
  const listed = JSON.parse((await here.disk('list', '--json')).stdout.toString());
  expect(listed).toEqual([
    {
      name: 'a',
      file: join(here.storage, 'a.qcow2'),
      format: 'qcow2',
      bytes: 2 ** 30,
      takenBytes: expect.any(Number),
      user: null,
    },
    {
      name: 'b',
      file: join(here.storage, 'b.qcow2'),
      format: 'qcow2',
      bytes: 2 ** 26,
      takenBytes: expect.any(Number),
      user: null,
    },
    { name: 'c', file: join(here.storage, 'c.img'), format: 'raw', bytes: 2 ** 40, takenBytes: 0, user: null },
  ]);
  const table = (await here.disk('list')).stdout.toString().split('\n');
  expect(table[0]).toMatch(/^NAME +FORMAT +SIZE +TAKEN$/);
  expect(table[3]).toMatch(/^c +raw +1\.0 TiB +0 B$/);
});

test('removed is removed: the file, and the manifest with the last', async () => {
  using here = workspace();
  await here.disk('create', 'a', '8M');
  await here.disk('create', 'b', '8M');
  expect((await here.disk('remove', 'a')).status).toBe(0);
  expect(readdirSync(here.storage)).toEqual(['b.img']);
  expect(readFileSync(join(here.path, 'artifacts/storage.manifest.json'), 'utf8')).not.toContain('a.img');
  expect((await here.disk('remove', 'b')).status).toBe(0);
  expect(readdirSync(join(here.path, 'artifacts'))).toEqual(['storage']);
});

test('a disk of that name is kept, unless --force replaces it, in whatever format', async () => {
  using here = workspace();
  await here.disk('create', 'a', '8M', '--label', 'first');
  const { status, stderr } = await here.disk('create', 'a', '9M', '--format', 'qcow2');
  expect([status, stderr]).toEqual([2, expect.stringContaining('the disk a exists already')]);
  expect(stderr).toContain('eulab disk remove a');
  expect(ext4(join(here.storage, 'a.img'))).toMatch(/volume name: +first$/m);
  expect((await here.disk('create', 'a', '9M', '--format', 'qcow2', '--force')).status).toBe(0);
  expect(readdirSync(here.storage)).toEqual(['a.qcow2']);
});

test('filled from a folder: contents, modes and links; all is root’s', async () => {
  using here = workspace();
  const tree = join(here.path, "it's, a tree");
  mkdirSync(join(tree, 'sub dir'), { recursive: true });
  writeFileSync(join(tree, 'sub dir/file'), 'hello\n');
  writeFileSync(join(tree, 'run'), '#!/bin/sh\n');
  chmodSync(join(tree, 'run'), 0o750);
  symlinkSync('sub dir/file', join(tree, 'link'));
  expect((await here.disk('create', 'a', '16M', '--from', tree)).status).toBe(0);
  const image = join(here.storage, 'a.img');
  expect(ext4(image, 'cat "/sub dir/file"')).toBe('hello\n');
  expect(ext4(image, 'stat /run')).toMatch(/Mode: +0750.*\nUser: +0 +Group: +0/s);
  expect(ext4(image, 'stat /link')).toContain('Fast link dest: "sub dir/file"');
});

test('filled by an ordinary user: the files are root’s all the same', async () => {
  using here = workspace();
  const tree = join(here.path, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'mine'), 'm');
  cpSync(join(bundle, '..'), join(here.path, 'eulab/dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(here.path, 'eulab/package.json'));
  const user = process.getuid?.() === 0 ? 65534 : process.getuid?.();
  if (user === 65534) execFileSync('chown', ['-R', '65534', here.path]);
  const become = user === 65534 ? ['setpriv', '--reuid=65534', '--clear-groups'] : ['env'];
  const [file = '', ...args] = [...become, process.execPath, join(here.path, 'eulab/dist/eulab.mjs'), '-C', here.path];
  const { status, stderr } = await program(file, [...args, 'disk', 'create', 'a', '16M', '--from', tree], {
    cwd: here.path,
    env: { ...env, HOME: here.path },
  });
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('warning')]);
  expect(ext4(join(here.storage, 'a.img'), 'stat /mine')).toMatch(/User: +0 /);
  expect(statSync(join(here.storage, 'a.img')).uid).toBe(user);
});

test('filled from an initramfs and from a tarball, without the nodes in /dev', async () => {
  using here = workspace();
  const tree = join(here.path, 'tree');
  mkdirSync(join(tree, 'dev'), { recursive: true });
  writeFileSync(join(tree, 'init'), '#!/bin/sh\n');
  writeFileSync(join(tree, 'dev/console'), '');
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: tree, input: '.\ninit\ndev\ndev/console\n' });
  writeFileSync(join(here.path, 'plain.cpio'), archive);
  writeFileSync(join(here.path, 'packed.cpio.gz'), gzipSync(archive));
  execFileSync('tar', ['-cJf', join(here.path, 'a:tree.tar.xz'), '-C', tree, '.']);
  execFileSync('tar', ['-cf', join(here.path, 'tree.tar'), '-C', tree, 'init', 'dev']);
  for (const [name, file] of Object.entries({ a: 'plain.cpio', b: 'packed.cpio.gz', c: 'a:tree.tar.xz', d: 'tree.tar' })) {
    const { status, stderr } = await here.disk('create', name, '8M', '--from', join(here.path, file));
    expect([file, status, stderr]).toEqual([file, 0, expect.any(String)]);
    const image = join(here.storage, `${name}.img`);
    expect(ext4(image, 'cat /init')).toBe('#!/bin/sh\n');
    expect(ext4(image, 'ls /dev')).not.toContain('console');
    expect(readdirSync(join(here.path, 'artifacts')).sort()).toEqual(['storage', 'storage.manifest.json']);
  }
});

test.each<[string, string[], string, string]>([
  ['a slash in a name', ['create', 'a/b', '1G'], '"a/b" cannot be the name of a disk', 'letters, digits'],
  ['a leading dash', ['create', '--', '-a', '1G'], '"-a" cannot be the name', 'letters, digits'],
  ['a newline', ['create', 'a\nb', '1G'], '"a\\nb" cannot be the name', 'letters, digits'],
  ['too long a name', ['create', 'x'.repeat(21), '1G'], 'cannot be the name', '20 at most'],
  ['no size', ['create', 'a', 'big'], "'big' is invalid", 'no size such as 2G'],
  ['a size without a unit', ['create', 'a', '100'], "'100' is invalid", 'no size such as 2G'],
  ['too little for ext4', ['create', 'a', '1M'], 'needs 8M at least', '--fs none'],
  ['an unknown format', ['create', 'a', '1G', '--format', 'vmdk'], "'vmdk' is invalid", 'raw, qcow2'],
  ['an unknown file system', ['create', 'a', '1G', '--fs', 'xfs'], "'xfs' is invalid", 'ext4, none'],
  ['too long a label', ['create', 'a', '1G', '--label', 'x'.repeat(17)], 'longer than 16 bytes', 'ext4'],
  ['a label without a file system', ['create', 'a', '1G', '--fs', 'none', '--label', 'x'], '--label', '--fs none'],
  ['contents without a file system', ['create', 'a', '1G', '--fs', 'none', '--from', '/etc'], '--from', '--fs none'],
  ['contents that are not there', ['create', 'a', '1G', '--from', '/no/such'], '--from: /no/such does not exist', 'tarball'],
  ['contents that are a text', ['create', 'a', '1G', '--from', bundle], 'is no folder, no tarball', 'cpio'],
  ['contents that do not fit', ['create', 'a', '8M', '--from', join(root, 'node_modules/typescript')], 'does not fit', 'larger'],
  ['a disk that is not there', ['remove', 'a'], 'no disk "a"', 'eulab disk create a'],
  ['a path to remove', ['remove', '../a'], 'no disk "../a"', 'eulab disk create NAME'],
])('%s is refused, and nothing is made', async (_what, args, message, remedy) => {
  using here = workspace();
  const { status, stderr } = await here.disk(...args);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr).toContain(remedy);
  expect(existsSync(join(here.path, 'artifacts')) ? readdirSync(join(here.path, 'artifacts')) : []).toEqual([]);
});

test('a name that is nearly right', async () => {
  using here = workspace();
  await here.disk('create', 'rootfs', '8M');
  expect((await here.disk('remove', 'rotfs')).stderr).toContain('did you mean rootfs?');
});

test('a host without the programs: 3, and the packages', async () => {
  using here = folder();
  const args = ['-C', here.path, 'disk', 'create', 'a', '1G', '--format', 'qcow2', '--fs', 'none'];
  const { status, stderr } = await eulab(args, { env: { PATH: here.path } });
  expect([status, stderr]).toEqual([3, expect.stringContaining('qemu-img is not installed')]);
  expect(stderr).toContain('apt-get install qemu-utils');
});

test('a dry run prints the calls and makes nothing', async () => {
  using here = workspace();
  const { status, stdout } = await here.disk('create', 'a', '1G', '--format', 'qcow2', '--dry-run');
  expect(status).toBe(0);
  expect(
    stdout
      .toString()
      .split('\n')
      .map((line) => line.replace(/^\S*\//, '').split(' ')[0]),
  ).toEqual(['truncate', 'mke2fs', 'qemu-img', '']);
  expect(readdirSync(here.path)).toEqual([]);
});

test('one at a time: a second waits for the first', async () => {
  using here = workspace();
  const held = await lock(join(here.path, 'artifacts/.storage.lock'), 'the test');
  const waiting = here.disk('create', 'a', '8M');
  // It cannot have been made before the lock is given back; that it is made then shows that it waited.
  expect(existsSync(join(here.storage, 'a.img'))).toBe(false);
  await held[Symbol.asyncDispose]();
  const both = await Promise.all([waiting, here.disk('create', 'a', '8M'), here.disk('create', 'b', '8M')]);
  expect(both.map(({ status }) => status).sort()).toEqual([0, 0, 2]);
  expect(readdirSync(here.storage).sort()).toEqual(['a.img', 'b.img']);
  const manifest = JSON.parse(readFileSync(join(here.path, 'artifacts/storage.manifest.json'), 'utf8'));
  expect(manifest.files.map(({ path }: { path: string }) => path)).toEqual(['storage/a.img', 'storage/b.img']);
});

test('a disk that a machine uses is neither removed, replaced nor cleaned away, and the list tells who uses it', async () => {
  using here = workspace();
  await here.disk('create', 'a', '8M');
  await using qemu = await holder(join(here.storage, 'a.img'));
  for (const args of [
    ['remove', 'a'],
    ['create', 'a', '8M', '--force'],
  ]) {
    const { status, stderr } = await here.disk(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`a is in use by qemu-system-x86, process ${qemu.pid}`)]);
  }
  expect((await here.disk('list')).stdout.toString()).toContain(`in use by qemu-system-x86 (process ${qemu.pid})`);
  expect((await here.eulab('clean', 'storage')).stderr).toContain('a.img is in use by qemu-system-x86');
  expect(readdirSync(here.storage)).toEqual(['a.img']);
});

test('clean removes a disk that nobody wrote to; one with data only when storage is named', async () => {
  using here = workspace();
  await here.disk('create', 'empty', '8M');
  await here.disk('create', 'data', '8M');
  writeFileSync(join(here.storage, 'mine.img'), 'mine');
  const data = join(here.storage, 'data.img');
  utimesSync(data, new Date(), new Date());
  const { stderr } = await here.eulab('clean');
  expect(stderr).toContain('artifacts/storage/data.img was written to (to remove it: eulab clean storage): left alone');
  expect(readdirSync(here.storage).sort()).toEqual(['data.img', 'mine.img']);
  expect((await here.eulab('clean', 'storage')).status).toBe(0);
  expect(readdirSync(here.storage)).toEqual(['mine.img']);
});

test('utils/storage/eulab-hd makes the same disk, for users of the shell', async () => {
  using here = workspace();
  await here.disk('create', 'a', '100M');
  const script = join(root, 'utils/storage/eulab-hd');
  const call = (...args: string[]) => program('sh', [script, ...args], { cwd: here.path });
  const made = await call('-s', '100M', '-l', 'a', "it's, b.img");
  expect([made.status, made.stderr]).toEqual([0, '']);
  // Sizes, features and counts; not what is different in any two: identity, seed, times, and sums over them.
  const facts = (image: string) =>
    ext4(image)
      .split('\n')
      .filter((line) => !/UUID|Seed|created|time:|checked|Checksum|writes/i.test(line));
  expect(facts(join(here.path, "it's, b.img"))).toEqual(facts(join(here.storage, 'a.img')));
  expect(statSync(join(here.path, "it's, b.img")).blocks).toBeLessThan(10_000);
  for (const [args, said] of [
    [["it's, b.img"], 'exists already'],
    [['-s', 'big', 'c'], 'is no size'],
    [['-d', '/no/such', 'c'], 'is no folder'],
    [[], 'usage'],
    [['-s', '8M', '-d', join(root, 'node_modules/typescript'), 'c'], 'allocate'],
  ] as const) {
    const refused = await call(...args);
    expect([refused.status === 0, refused.stderr]).toEqual([false, expect.stringContaining(said)]);
  }
  expect(readdirSync(here.path).sort()).toEqual(['artifacts', "it's, b.img"]);
});

test('no space: said so, and nothing is left', async () => {
  using here = workspace();
  const script = [
    `mount -t tmpfs -o size=1M tmpfs ${here.path}`,
    `${process.execPath} ${bundle} -C ${here.path} disk create a 1G --from ${join(root, 'node_modules/typescript')}`,
    'status=$?',
    `find ${here.path} -mindepth 1 -name '*a.img*' -o -mindepth 1 -name '.storage.*.*'`,
    'exit $status',
  ].join('\n');
  const { status, stderr, stdout } = await program('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], { env });
  expect([status, stderr, stdout.toString()]).toEqual([1, expect.stringContaining('no space is left on the disk of'), '']);
});

test('a disk has no digest in the manifest, whatever its size', async () => {
  using here = workspace();
  await here.disk('create', 'a', '8M');
  truncateSync(join(here.storage, 'a.img'), 2 ** 24);
  const { files } = JSON.parse(readFileSync(join(here.path, 'artifacts/storage.manifest.json'), 'utf8'));
  expect(files).toEqual([{ path: 'storage/a.img', bytes: 2 ** 23, mtimeMs: expect.any(Number) }]);
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { markCache } from '../../src/artifacts/cache.ts';
import { self } from '../../src/artifacts/holder.ts';
import { lock } from '../../src/artifacts/lock.ts';
import type { Product } from '../../src/artifacts/manifest.ts';
import { stage } from '../../src/artifacts/store.ts';
import { apply, type Cleanable, plan } from '../../src/clean.ts';
import type { Workspace } from '../../src/workspace.ts';
import { bundled } from '../bundled.ts';
import { requires } from '../requires.ts';

let top: string;
let place: Workspace;

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'eulab-clean-'));
});

beforeEach(async () => {
  const root = await mkdtemp(join(top, 'case-'));
  await mkdir(join(root, 'work'));
  place = workspaceIn(join(root, 'work'), join(root, 'cache'));
});

afterAll(() => rm(top, { recursive: true }));

function workspaceIn(root: string, cache: string): Workspace {
  return { root, artifacts: join(root, 'artifacts'), cache, home: root, utils: join(root, 'utils') };
}

async function write(path: string, text = ''): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
}

async function product(name: Product, files: Record<string, string>): Promise<void> {
  await using staging = await stage(place.artifacts, name);
  for (const [path, text] of Object.entries(files)) await write(join(staging.folder, path), text);
  await staging.commit({ key: 'k', inputs: {}, command: '' });
}

async function clean(...what: Cleanable[]): Promise<{ readonly freed: number; readonly notes: readonly string[] }> {
  const planned = await plan(place, what);
  return { freed: await apply(planned, place), notes: planned.notes };
}

const left = async (folder = place.root) => (await readdir(folder, { recursive: true })).sort();

/** What a user has around: nothing may ever change of it. */
async function usersOwn(): Promise<void> {
  await write(join(place.artifacts, '.gitkeep'));
  await write(join(place.artifacts, 'mine.img'), 'mine');
  await write(join(place.root, 'src', 'bzImage'), 'mine');
}

const own = ['artifacts', 'artifacts/.gitkeep', 'artifacts/mine.img', 'src', 'src/bzImage'];

test('what was made goes, and nothing else', async () => {
  await usersOwn();
  await product('kernel', { bzImage: 'abc', 'modules/6.1/a.ko': 'a' });
  await product('ramdisk', { 'initramfs.cpio.gz': 'r' });
  await product('storage', { 'storage/disk.img': 'd' });
  await write(join(place.artifacts, 'storage', 'other.img'), 'mine');
  await write(join(place.artifacts, 'logs', 'build.log'), 'l');
  await write(join(place.artifacts, 'logs', 'todo.txt'), 'mine');
  await mkdir(join(place.artifacts, '.kernel.4194305.1.AAAAAA/sub'), { recursive: true });
  await write(join(place.artifacts, '.kernel.4194305.1.AAAAAA/sub/file'), '12345');

  const planned = await plan(place, []);
  expect(planned.notes).toEqual(['artifacts/logs/todo.txt is no log of eulab: left alone']);
  const rows = planned.removals.filter(({ kind }) => kind === 'file' || kind === 'tree');
  expect(
    rows.filter(({ path }) => !path.endsWith('.json')).map(({ path, bytes }) => [path.slice(place.artifacts.length + 1), bytes]),
  ).toEqual([
    ['bzImage', 3],
    ['modules/6.1/a.ko', 1],
    ['.kernel.4194305.1.AAAAAA', 5],
    ['initramfs.cpio.gz', 1],
    ['storage/disk.img', 1],
    ['logs/build.log', 1],
  ]);
  const freed = await apply(planned, place);
  expect(freed).toBe(planned.removals.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(await left()).toEqual(
    [...own, 'artifacts/logs', 'artifacts/logs/todo.txt', 'artifacts/storage', 'artifacts/storage/other.img'].sort(),
  );
});

test('a plan removes nothing', async () => {
  await product('kernel', { bzImage: 'abc' });
  const before = await left();
  await plan(place, []);
  expect(await left()).toEqual(before);
});

test('only what is named goes', async () => {
  await usersOwn();
  await product('kernel', { bzImage: 'abc' });
  await product('ramdisk', { 'initramfs.cpio.gz': 'r' });
  await clean('ramdisk');
  expect(await left()).toEqual([...own, 'artifacts/bzImage', 'artifacts/kernel.manifest.json'].sort());
});

test('an artifacts folder that is empty then goes too; without anything made it stays', async () => {
  await product('kernel', { bzImage: 'abc' });
  await clean();
  expect(await left()).toEqual([]);
  await mkdir(place.artifacts);
  await clean();
  expect(await left()).toEqual(['artifacts']);
});

test('nothing to do is no error, twice', async () => {
  expect(await clean()).toEqual({ freed: 0, notes: [] });
  expect(await clean('cache')).toEqual({ freed: 0, notes: [] });
});

test('a file that the user changed is left alone, and a disk that a guest wrote to, with a note each', async () => {
  await product('kernel', { bzImage: 'abc', vmlinux: 'v', config: 'c', gone: 'g' });
  await product('storage', { 'storage/disk.img': 'd' });
  await writeFile(join(place.artifacts, 'bzImage'), 'abd');
  await rename(join(place.artifacts, 'vmlinux'), join(place.artifacts, 'kept'));
  await symlink('kept', join(place.artifacts, 'vmlinux'));
  await rm(join(place.artifacts, 'gone'));
  await writeFile(join(place.artifacts, 'storage/disk.img'), 'written by a guest');
  const { notes } = await clean();
  expect(notes).toEqual([
    'artifacts/bzImage was changed since eulab made it: left alone',
    'artifacts/vmlinux was changed since eulab made it: left alone',
    'artifacts/storage/disk.img was written to (to remove it: eulab clean storage): left alone',
  ]);
  const theirs = ['artifacts', 'artifacts/bzImage', 'artifacts/kept', 'artifacts/vmlinux'];
  const disk = ['artifacts/storage', 'artifacts/storage.manifest.json', 'artifacts/storage/disk.img'];
  expect(await left()).toEqual([...theirs, ...disk].sort());
  expect((await clean('storage')).notes).toEqual([]);
  expect(await left()).toEqual(theirs);
});

/** Rewrites the kernel's manifest. */
async function forge(change: (text: string) => string): Promise<void> {
  const file = join(place.artifacts, 'kernel.manifest.json');
  await writeFile(file, change(await readFile(file, 'utf8')));
}

test.each([
  ['goes up', (text: string) => text.replace('"bzImage"', '"../src/bzImage"'), 'leads out of artifacts/'],
  ['goes up in its middle', (text: string) => text.replace('"bzImage"', '"a/../../src/bzImage"'), 'leads out of artifacts/'],
  ['is absolute', (text: string) => text.replace('"bzImage"', '"/etc/hostname"'), 'leads out of artifacts/'],
  ['is cut off', (text: string) => text.slice(0, 40), 'is no JSON'],
])('a manifest that %s is refused, and nothing touched', async (_, change, message) => {
  await usersOwn();
  await product('kernel', { bzImage: 'mine' });
  await product('ramdisk', { 'initramfs.cpio.gz': 'r' });
  await forge(change);
  const before = await left();
  await expect(clean()).rejects.toThrow(message);
  await expect(clean()).rejects.toThrow(`${place.artifacts}/kernel.manifest.json`);
  expect(await left()).toEqual(before);
});

test('.gitkeep stays even when a manifest lists it', async () => {
  await product('kernel', { bzImage: 'abc', '.gitkeep': '' });
  await clean();
  expect(await left()).toEqual(['artifacts', 'artifacts/.gitkeep']);
});

test.each([
  ['artifacts itself', ''],
  ['a folder of a product', 'modules'],
])('%s as a symbolic link out of the workspace is refused, and nothing touched', async (_, name) => {
  await product('ramdisk', { 'initramfs.cpio.gz': 'r' });
  await product('kernel', { 'modules/a.ko': 'a' });
  const outside = join(place.root, '..', 'outside');
  await rename(join(place.artifacts, name), outside);
  await symlink(outside, join(place.artifacts, name));
  const before = [await left(), await left(outside)];
  await expect(clean()).rejects.toThrow(`leads out of the workspace, to ${outside}`);
  expect([await left(), await left(outside)]).toEqual(before);
});

test('a link made between the plan and its application is not followed', async () => {
  await product('kernel', { 'modules/a.ko': 'a' });
  const planned = await plan(place, []);
  const outside = join(place.root, '..', 'outside');
  await rename(join(place.artifacts, 'modules'), outside);
  await symlink(outside, join(place.artifacts, 'modules'));
  await expect(apply(planned, place)).rejects.toThrow('leads out of the workspace');
  expect(await left(outside)).toEqual(['a.ko']);
});

test('a workspace that is itself reached by a link is cleaned', async () => {
  await product('kernel', { bzImage: 'abc' });
  await symlink(place.root, join(place.root, '..', 'link'));
  const linked = workspaceIn(join(place.root, '..', 'link'), place.cache);
  await apply(await plan(linked, []), linked);
  expect(await left()).toEqual([]);
});

test('a build that is going on is not disturbed; what a killed one left goes', async () => {
  await product('kernel', { bzImage: 'abc' });
  const guard = join(place.artifacts, '.kernel.lock');
  const live = `.kernel.${self().pid}.${self().start}.AAAAAA`;
  await mkdir(join(place.artifacts, live));
  const held = await lock(guard, 'eulab build kernel');
  const before = await left();
  await expect(clean()).rejects.toThrow(`process ${process.pid} (eulab build kernel) is at work`);
  expect(await left()).toEqual(before);
  await clean('ramdisk');
  expect(await left()).toEqual(before);
  await held[Symbol.asyncDispose]();

  await writeFile(guard, '');
  expect((await clean()).notes).toEqual([`artifacts/${live} is in use by process ${process.pid}: left alone`]);
  expect(await left()).toEqual(['artifacts', `artifacts/${live}`]);
});

test('the cache goes only when it is named, and only what eulab keeps in it', async () => {
  await markCache(place.cache);
  await write(join(place.cache, 'obj/linux/vmlinux.o'), '12345');
  await write(join(place.cache, 'downloads/linux.tar.xz'), '123');
  await write(join(place.cache, 'obj/.scratch-1-ab12/x'));
  await write(join(place.cache, 'notes'), 'mine');
  await clean();
  expect(await left(place.cache)).toContain('obj/linux/vmlinux.o');
  const { freed, notes } = await clean('cache');
  expect(notes).toEqual([`${place.cache}/notes is not eulab's: left alone`]);
  expect(freed).toBeGreaterThan(8);
  expect(await left(place.cache)).toEqual(['notes']);
  await rm(join(place.cache, 'notes'));
  await markCache(place.cache);
  await clean('cache');
  await expect(lstat(place.cache)).rejects.toThrow('ENOENT');
});

test('the tag is the one that backup programs know', async () => {
  await markCache(place.cache);
  const tag = await readFile(join(place.cache, 'CACHEDIR.TAG'), 'utf8');
  expect(tag.slice(0, 43)).toBe('Signature: 8a477f597d28d172789f06886806bc55');
  await write(join(place.cache, 'obj/x'), 'x');
  const tar = ['-C', place.cache, '--exclude-caches', '-cvf', '/dev/null', '.'];
  expect((await promisify(execFile)('tar', tar)).stdout).not.toContain('obj');
});

test.each([
  ['without a tag', async () => write(join(place.cache, 'obj/x'))],
  [
    "with another program's tag",
    async () => write(join(place.cache, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# made by cargo\n'),
  ],
  [
    'that was there before with other things in it',
    async () => {
      await write(join(place.cache, 'git/my-project'));
      await write(join(place.cache, '.bashrc'));
      await markCache(place.cache);
    },
  ],
])('a cache folder %s is refused, and nothing touched', async (_, prepare) => {
  await prepare();
  const before = await left(place.cache);
  await expect(clean('cache')).rejects.toThrow(`${place.cache} is not marked as a cache of eulab`);
  expect(await left(place.cache)).toEqual(before);
});

test('links in the cache are removed and not followed; one in the place of a folder is refused', async () => {
  await markCache(place.cache);
  await write(join(place.root, 'mine/file'));
  await mkdir(join(place.cache, 'obj'));
  await symlink(join(place.root, 'mine'), join(place.cache, 'obj/link'));
  await clean('cache');
  expect(await left()).toEqual(['mine', 'mine/file']);

  await markCache(place.cache);
  await symlink(join(place.root, 'mine'), join(place.cache, 'git'));
  await expect(clean('cache')).rejects.toThrow(`${place.cache}/git is a symbolic link`);
  expect(await left()).toEqual(['mine', 'mine/file']);
});

test('a cache whose objects are being built, or that holds the workspace, is refused', async () => {
  await markCache(place.cache);
  await mkdir(join(place.cache, 'obj'));
  await using _held = await lock(join(place.cache, 'obj/linux.lock'), 'eulab build kernel');
  await expect(clean('cache')).rejects.toThrow('is at work');

  const inside = workspaceIn(join(place.cache, 'sources/linux'), place.cache);
  await mkdir(inside.root, { recursive: true });
  await rm(join(place.cache, 'obj'), { recursive: true });
  await expect(plan(inside, ['cache'])).rejects.toThrow('holds the workspace');
});

requires('root')('a tree of read-only folders goes, for a user who is not root', async () => {
  await chmod(top, 0o755);
  const home = await mkdtemp(join(top, 'user-'));
  const cache = join(home, 'cache');
  await markCache(cache);
  await write(join(cache, 'obj/a/b/file'), 'x');
  await promisify(execFile)('chown', ['-R', '65534:65534', home]);
  await promisify(execFile)('chmod', ['-R', 'a-w', join(cache, 'obj')]);
  await chown(home, 65534, 65534);
  const program = `
    import { apply, plan } from './src/clean.ts';
    const [root, cache] = process.argv.slice(2);
    const workspace = { root, artifacts: root + '/artifacts', cache, home: root, utils: root };
    await apply(await plan(workspace, ['cache']), workspace);
  `;
  const child = join(home, 'child.mjs');
  await bundled({ text: program }, child);
  const run = spawn(process.execPath, [child, home, cache], { uid: 65534, gid: 65534, cwd: home, stdio: 'inherit' });
  expect(await once(run, 'exit')).toEqual([0, null]);
  expect(await readdir(home)).toEqual(['child.mjs']);
});

requires(
  'root',
  'unshare',
  'mount',
)('a file system mounted in the cache stops everything', async () => {
  await markCache(place.cache);
  await mkdir(join(place.cache, 'images/root/proc'), { recursive: true });
  await write(join(place.cache, 'downloads/file'));
  const program = `
    import { plan } from './src/clean.ts';
    const [root, cache] = process.argv.slice(2);
    const workspace = { root, artifacts: root + '/artifacts', cache, home: root, utils: root };
    console.log(await plan(workspace, ['cache']).then(() => 'planned', (error) => error.message));
  `;
  const child = join(top, 'mounted.mjs');
  await bundled({ text: program }, child);
  const script = 'mount -t tmpfs none "$3/images/root/proc" && exec "$0" "$1" "$2" "$3"';
  const { stdout } = await promisify(execFile)('unshare', [
    '-m',
    'sh',
    '-c',
    script,
    process.execPath,
    child,
    place.root,
    place.cache,
  ]);
  expect(stdout).toBe(`${place.cache}/images/root/proc is a mount point\n`);
});

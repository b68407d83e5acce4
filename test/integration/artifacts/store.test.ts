import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { unwritable } from '../../../src/artifacts/full-disk.ts';
import { self } from '../../../src/artifacts/holder.ts';
import { current, stage } from '../../../src/artifacts/store.ts';
import { fileDigest } from '../../../src/digest.ts';
import { bundled } from '../../bundled.ts';
import { requires } from '../../requires.ts';

let top: string;
let artifacts: string;
const made = (key: string) => ({ key, inputs: { version: '6.1' }, command: 'eulab build kernel' });

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'eulab-store-'));
});

beforeEach(async () => {
  artifacts = join(await mkdtemp(join(top, 'case-')), 'artifacts');
});

afterEach(() => {
  process.umask(0o022);
});

afterAll(() => rm(top, { recursive: true }));

/** Commits a product with these files. */
async function commit(key: string, files: Record<string, string>): Promise<void> {
  await using staging = await stage(artifacts, 'kernel');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(staging.folder, path, '..'), { recursive: true });
    await writeFile(join(staging.folder, path), text);
  }
  await staging.commit(made(key));
}

const names = async () => (await readdir(artifacts, { recursive: true })).sort();
const state = async (key: string) => {
  const { manifest: _, ...rest } = { manifest: undefined, ...(await current(artifacts, 'kernel', key)) };
  return rest;
};

test('a product comes whole, with a manifest that says what it is', async () => {
  await commit('k', { bzImage: 'abc', 'modules/a.ko': 'x' });
  expect(await names()).toEqual(['bzImage', 'kernel.manifest.json', 'modules', 'modules/a.ko']);
  const found = await current(artifacts, 'kernel', 'k');
  expect(found).toMatchObject({
    state: 'current',
    manifest: {
      schema: 1,
      product: 'kernel',
      ...made('k'),
      files: [
        { path: 'bzImage', bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
        { path: 'modules/a.ko', bytes: 1 },
      ],
    },
  });
});

test('without commit nothing remains, and the product is as it was', async () => {
  await commit('k', { bzImage: 'old' });
  await expect(
    (async () => {
      await using staging = await stage(artifacts, 'kernel');
      await writeFile(join(staging.folder, 'bzImage'), 'new');
      throw new Error('the build failed');
    })(),
  ).rejects.toThrow('the build failed');
  expect(await names()).toEqual(['bzImage', 'kernel.manifest.json']);
  expect(await readFile(join(artifacts, 'bzImage'), 'utf8')).toBe('old');
  expect(await state('k')).toEqual({ state: 'current' });
});

test.each([
  ['nothing was made', async () => {}, { state: 'missing', file: 'kernel.manifest.json' }],
  ['it is untouched', async () => commit('k', { bzImage: 'abc' }), { state: 'current' }],
  ['the inputs differ', async () => commit('other', { bzImage: 'abc' }), { state: 'key' }],
  [
    'a file is gone',
    async () => {
      await commit('k', { bzImage: 'abc', config: '' });
      await rm(join(artifacts, 'bzImage'));
    },
    { state: 'missing', file: 'bzImage' },
  ],
  [
    'a file was overwritten by hand',
    async () => {
      await commit('k', { bzImage: 'abc' });
      await writeFile(join(artifacts, 'bzImage'), 'abcd');
    },
    { state: 'changed', file: 'bzImage' },
  ],
  [
    'a file was overwritten with as many bytes',
    async () => {
      await commit('k', { bzImage: 'abc' });
      await writeFile(join(artifacts, 'bzImage'), 'abd');
      await utimes(join(artifacts, 'bzImage'), 1, 1);
    },
    { state: 'changed', file: 'bzImage' },
  ],
  [
    'a file became a link',
    async () => {
      await commit('k', { bzImage: 'abc' });
      await rename(join(artifacts, 'bzImage'), join(artifacts, 'mine'));
      await symlink('mine', join(artifacts, 'bzImage'));
    },
    { state: 'changed', file: 'bzImage' },
  ],
])('when %s', async (_, prepare, expected) => {
  await prepare();
  expect(await state('k')).toEqual(expected);
});

test('what the product no longer has is removed, but for what the user changed', async () => {
  await commit('1', { bzImage: '1', 'modules/a.ko': 'a', 'modules/b.ko': 'b', vmlinux: 'v' });
  await writeFile(join(artifacts, 'modules/b.ko'), 'mine now');
  await writeFile(join(artifacts, 'notes'), 'mine');
  await commit('2', { bzImage: '2' });
  expect(await names()).toEqual(['bzImage', 'kernel.manifest.json', 'modules', 'modules/b.ko', 'notes']);
  expect(await state('2')).toEqual({ state: 'current' });
});

test('what dead runs left is removed, what live ones use is not', async () => {
  const { pid, start } = self();
  const live = `.ramdisk.${pid}.${start}.AAAAAA`;
  const others = [live, '.kernel.cache', '.git'];
  for (const name of [...others, `.kernel.${pid}.1.BBBBBB`, `.ramdisk.${2 ** 22 + 1}.5.CCCCCC`]) {
    await mkdir(join(artifacts, name, 'sub'), { recursive: true });
  }
  await using _staging = await stage(artifacts, 'kernel');
  const left = (await readdir(artifacts)).filter((name) => !name.startsWith(`.kernel.${pid}.${start}.`));
  expect(left.sort()).toEqual(others.sort());
});

test('a folder in the place of a file is told before anything changes', async () => {
  await commit('1', { bzImage: '1', vmlinux: '1' });
  await rm(join(artifacts, 'vmlinux'));
  await mkdir(join(artifacts, 'vmlinux'));
  await expect(commit('2', { bzImage: '2', vmlinux: '2' })).rejects.toThrow(`${artifacts}/vmlinux is a folder`);
  expect(await readFile(join(artifacts, 'bzImage'), 'utf8')).toBe('1');
});

test('a broken manifest is an error with its name, and a new product replaces it', async () => {
  await commit('k', { bzImage: '1' });
  await writeFile(join(artifacts, 'kernel.manifest.json'), '{');
  await expect(state('k')).rejects.toThrow(`${artifacts}/kernel.manifest.json is not a manifest of eulab`);
  await writeFile(join(artifacts, 'ramdisk.manifest.json'), '{}');
  await commit('k', { bzImage: '2' });
  expect(await state('k')).toEqual({ state: 'current' });
});

test('the manifest of another product is not taken for this one', async () => {
  await commit('k', { bzImage: '1' });
  await rename(join(artifacts, 'kernel.manifest.json'), join(artifacts, 'ramdisk.manifest.json'));
  await expect(current(artifacts, 'ramdisk', 'k')).rejects.toThrow('it is one of kernel');
});

test('files keep their modes; folders follow the umask', async () => {
  process.umask(0o027);
  await using staging = await stage(artifacts, 'kernel');
  await writeFile(join(staging.folder, 'bzImage'), '');
  await chmod(join(staging.folder, 'bzImage'), 0o444);
  await staging.commit(made('k'));
  const { stdout } = await promisify(execFile)('stat', ['-c', '%a', artifacts, join(artifacts, 'bzImage')]);
  expect(stdout).toBe('750\n444\n');
});

test('the digest of a file larger than one piece', async () => {
  const file = join(top, 'large');
  await writeFile(file, Buffer.alloc(3 * 2 ** 20 + 1, 7));
  const { stdout } = await promisify(execFile)('sha256sum', [file]);
  expect(await fileDigest(file)).toBe(stdout.slice(0, 64));
});

test('a full disk is one line; other errors stay what they are', async () => {
  const full = await writeFile('/dev/full', 'x').catch((error: unknown) => error);
  expect(unwritable(full, '/a')).toMatchObject({
    message: 'no space is left on the disk of /a',
    hint: expect.stringContaining('eulab clean'),
  });
  const bug = new TypeError('x');
  expect(unwritable(bug, '/a')).toBe(bug);
});

requires(
  'root',
  'unshare',
  'mount',
)('a disk that is full at the commit leaves the old product in place', async () => {
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { current, stage } from './src/artifacts/store.ts';
    const made = { key: 'k', inputs: {}, command: '' };
    const first = await stage('artifacts', 'kernel');
    writeFileSync(first.folder + '/bzImage', 'x');
    await first.commit(made);
    await first[Symbol.asyncDispose]();
    const second = await stage('artifacts', 'kernel');
    writeFileSync(second.folder + '/bzImage', 'y');
    try { writeFileSync('filler', Buffer.alloc(1 << 20)); } catch {}
    try { for (;;) writeFileSync('filler', 'x', { flag: 'a' }); } catch {}
    const said = await second.commit({ ...made, key: 'l' }).catch((error) => error.name + ': ' + error.message);
    await second[Symbol.asyncDispose]();
    console.log(JSON.stringify([said, (await current('artifacts', 'kernel', 'k')).state, readFileSync('artifacts/bzImage', 'utf8')]));
  `;
  const child = join(top, 'full.mjs');
  await bundled({ text: program }, child);
  const disk = join(top, 'disk');
  await mkdir(disk);
  // The mount is the child's alone: it is gone with its namespace.
  const script = 'mount -t tmpfs -o size=64k none "$1" && cd "$1" && exec "$2" "$3"';
  const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', script, 'sh', disk, process.execPath, child]);
  expect(JSON.parse(stdout)).toEqual(['EulabError: no space is left on the disk of artifacts', 'current', 'x']);
});

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelSource } from '../../../src/source/kernel.ts';
import { bundled } from '../../bundled.ts';
import { requires } from '../../requires.ts';
import { cached, folder, listener, sha256, tarball, tree } from './site.ts';

const program: Readonly<Record<string, string>> = { '.tar.xz': 'xz', '.tar.gz': 'gzip', '.tar.bz2': 'bzip2', '.tar.zst': 'zstd' };

for (const [end, decompressor] of Object.entries(program)) {
  requires(decompressor)(`a ${end} is unpacked once`, async () => {
    await using work = await folder();
    await tree(join(work.path, 'linux-6.6.22'));
    const bytes = await tarball(work.path, 'linux-6.6.22', end);
    // A colon makes a tarball remote for tar, a leading dash an option.
    const path = join(work.path, `-my:linux 6.6${end}`);
    await writeFile(path, bytes);
    const cache = join(work.path, 'cache');
    const source = await kernelSource({ kind: 'tarball', path }, { cache });
    expect(source).toMatchObject({ version: '6.6.22', origin: path, digest: sha256(bytes), verified: 'none' });
    const heard = listener();
    const copy = join(work.path, `copy${end}`);
    await writeFile(copy, bytes);
    expect((await kernelSource({ kind: 'tarball', path: copy }, { cache, report: heard.report })).folder).toBe(source.folder);
    expect(heard.events).toEqual([]);
  });
}

test('a tarball without a folder at its top is taken too', async () => {
  await using work = await folder();
  await tree(join(work.path, 'flat'));
  const path = join(work.path, 'flat.tar');
  execFileSync('tar', ['-cf', path, '-C', join(work.path, 'flat'), '.']);
  const source = await kernelSource({ kind: 'tarball', path }, { cache: join(work.path, 'cache') });
  expect(source.version).toBe('6.6.22');
  expect((await stat(join(source.folder, 'arch'))).isDirectory()).toBe(true);
});

test('a tarball that changes under its name is unpacked again', async () => {
  await using work = await folder();
  const path = join(work.path, 'linux.tar.gz');
  const cache = join(work.path, 'cache');
  for (const version of ['6.6.22', '6.6.23']) {
    await tree(join(work.path, 'linux'), 'kernel', { version });
    await writeFile(path, await tarball(work.path, 'linux', '.tar.gz'));
    expect((await kernelSource({ kind: 'tarball', path }, { cache })).version).toBe(version);
  }
});

test('what is no kernel is said to be none, with what it lacks, and nothing is kept', async () => {
  await using work = await folder();
  await mkdir(join(work.path, 'letters'));
  await writeFile(join(work.path, 'letters', 'Makefile'), 'all:\n');
  const path = join(work.path, 'letters.tar.gz');
  await writeFile(path, await tarball(work.path, 'letters', '.tar.gz'));
  const cache = join(work.path, 'cache');
  await expect(kernelSource({ kind: 'tarball', path }, { cache })).rejects.toThrow(
    `${path} is no kernel source: it has no Kconfig, no arch/`,
  );
  await mkdir(join(work.path, 'letters', 'arch'));
  await writeFile(join(work.path, 'letters', 'Kconfig'), '');
  await writeFile(path, await tarball(work.path, 'letters', '.tar.gz'));
  await expect(kernelSource({ kind: 'tarball', path }, { cache })).rejects.toThrow(
    /it has no VERSION and PATCHLEVEL in its Makefile/,
  );
  expect(await readdir(join(cache, 'sources'))).toEqual([]);
});

for (const [end, decompressor] of Object.entries({ ...program, '.tar': 'tar' })) {
  requires(decompressor)(`a ${end} that is cut short is said to be`, async () => {
    await using work = await folder();
    await tree(join(work.path, 'linux'));
    const bytes = await tarball(work.path, 'linux', end);
    const path = join(work.path, `linux${end}`);
    await writeFile(path, bytes.subarray(0, bytes.length - 100_000));
    const cache = join(work.path, 'cache');
    await expect(kernelSource({ kind: 'tarball', path }, { cache })).rejects.toThrow(`${path} is cut short`);
    expect(await cached(cache, 'sources')).toEqual([]);
  });
}

test('a text file is no tarball', async () => {
  await using work = await folder();
  const path = join(work.path, 'linux.tar.xz');
  await writeFile(path, '<html>not found</html>\n'.repeat(1000));
  const cache = join(work.path, 'cache');
  await expect(kernelSource({ kind: 'tarball', path }, { cache })).rejects.toMatchObject({
    message: `${path} cannot be unpacked`,
    details: expect.arrayContaining([expect.stringMatching(/format not recognized|does not look like a tar archive/)]),
  });
});

test('a decompressor that is missing is named with its package', async () => {
  await using work = await folder();
  await tree(join(work.path, 'linux'));
  const path = join(work.path, 'linux.tar.xz');
  await writeFile(path, await tarball(work.path, 'linux'));
  const bin = join(work.path, 'bin');
  await mkdir(bin);
  execFileSync('ln', ['-s', '/usr/bin/tar', join(bin, 'tar')]);
  const before = process.env['PATH'];
  process.env['PATH'] = bin;
  try {
    await expect(kernelSource({ kind: 'tarball', path }, { cache: join(work.path, 'cache') })).rejects.toMatchObject({
      message: 'xz is not installed',
      hint: 'apt-get install xz-utils',
      exitCode: 3,
    });
  } finally {
    process.env['PATH'] = before;
  }
});

test('a file that is not there, and a folder of that name', async () => {
  await using work = await folder();
  const path = join(work.path, 'linux.tar.xz');
  const options = { cache: join(work.path, 'cache') };
  await expect(kernelSource({ kind: 'tarball', path }, options)).rejects.toMatchObject({
    message: `no such file: ${path}`,
    exitCode: 2,
  });
  await mkdir(path);
  await expect(kernelSource({ kind: 'tarball', path }, options)).rejects.toThrow(`${path} is not a file`);
});

test('a folder is used where it is', async () => {
  await using work = await folder();
  const path = await tree(join(work.path, 'linux'));
  const options = { cache: join(work.path, 'cache') };
  const source = await kernelSource({ kind: 'folder', path }, options);
  expect(source).toEqual({ folder: path, version: '6.6.22', origin: path, digest: undefined, verified: 'none' });
  await expect(kernelSource({ kind: 'folder', path: `${path}/arch` }, options)).rejects.toThrow(
    /no kernel source: it has no Makefile/,
  );
  await expect(kernelSource({ kind: 'folder', path: `${path}/none` }, options)).rejects.toThrow(`no such folder: ${path}/none`);
  await expect(kernelSource({ kind: 'folder', path: `${path}/Makefile` }, options)).rejects.toThrow(/is not a folder/);
});

requires(
  'root',
  'mount',
  'unshare',
)('a full disk is said with its path, and nothing is kept', async () => {
  await using work = await folder();
  await tree(join(work.path, 'linux'), 'kernel', { payload: 3_000_000 });
  const path = join(work.path, 'linux.tar');
  await writeFile(path, await tarball(work.path, 'linux', '.tar'));
  const cache = join(work.path, 'cache');
  await mkdir(cache);
  // In a mount namespace of its own, which goes with its last process.
  const script = `
    import { kernelSource } from ${JSON.stringify(new URL('../../../src/source/kernel.ts', import.meta.url).pathname)};
    import { readdirSync } from 'node:fs';
    await kernelSource({ kind: 'tarball', path: ${JSON.stringify(path)} }, { cache: ${JSON.stringify(cache)} })
      .catch((error) => console.log(error.message, error.hint, JSON.stringify(readdirSync(${JSON.stringify(join(cache, 'sources'))}))));
  `;
  await writeFile(join(work.path, 'script.ts'), script);
  const bundle = join(work.path, 'script.mjs');
  await bundled({ path: join(work.path, 'script.ts') }, bundle);
  const output = execFileSync(
    'unshare',
    ['--mount', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3"', 'sh', cache, process.execPath, bundle],
    { encoding: 'utf8' },
  );
  expect(output).toMatch(/^no space left on the disk of .*cache.* put the cache on another disk with EULAB_CACHE=FOLDER \[\]$/m);
});

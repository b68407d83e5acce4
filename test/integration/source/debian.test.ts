import { readdirSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test as plain } from 'vitest';
import { installedTarball, offered, packagedTarball } from '../../../src/source/debian.ts';
import { fetching } from '../../../src/source/source.ts';
import { requires } from '../../requires.ts';
import { folder, listener } from './site.ts';

const test = requires('apt-get', 'apt-cache', 'dpkg-deb', 'dpkg-query', '/etc/debian_version');

// Real packages of the real mirror; only unpacking the kernel, which is more than 1 GB, is left to the builds.
test('the kernel tarball is taken out of the package that linux-source stands for', async () => {
  await using work = await folder();
  const heard = listener();
  const ways = fetching({ cache: join(work.path, 'cache'), report: heard.report });
  const offer = await offered(ways);
  expect(offer.package).toMatch(/^linux-source-\d+\.\d+/);
  const tarball = await packagedTarball(offer, ways);
  expect(basename(tarball.path)).toBe(`${offer.package}.tar.xz`);
  expect((await stat(tarball.path)).size).toBeGreaterThan(100_000_000);
  expect(tarball.path).toBe(join(work.path, 'cache', 'downloads', tarball.digest, basename(tarball.path)));
  expect(heard.events).toContainEqual({ kind: 'progress', done: offer.bytes, total: offer.bytes, unit: 'bytes' });
  await expect(packagedTarball(offer, { ...ways, offline: true })).rejects.toThrow(/not in the cache/);
}, 300_000);

test('a tarball that no package owns is not taken for an installed one', async () => {
  await using work = await folder();
  await mkdir(join(work.path, 'src'));
  await writeFile(join(work.path, 'src', 'linux-source-6.1.tar.xz'), '');
  expect(await installedTarball(join(work.path, 'src'), { signal: undefined })).toBeUndefined();
});

const installed = readdirSync('/usr/src').find((name) => /^linux-source-[\d.]+\.tar\.xz$/.test(name));

// Installing the package takes root and 140 MB: nobody has to.
plain.skipIf(installed === undefined)('an installed one is found with its package', async () => {
  const found = await installedTarball('/usr/src', { signal: undefined });
  expect(found?.path).toMatch(/^\/usr\/src\/linux-source-[\d.]+\.tar\.xz$/);
  expect(found?.path).toContain(`${found?.package}.tar`);
});

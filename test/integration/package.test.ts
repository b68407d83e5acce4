import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, program } from '../eulab.ts';

test('the packed tarball, installed offline somewhere else, packs a ramdisk and knows its files', async () => {
  using here = folder();
  // Not bundled again: other tests run the bundle at the same time.
  const packed = await program('npm', ['pack', '--ignore-scripts', '--pack-destination', here.path]);
  expect(packed.status, packed.stderr).toBe(0);
  const tarball = join(here.path, readdirSync(here.path).find((name) => name.endsWith('.tgz')) ?? '');
  expect(statSync(tarball).size).toBeLessThan(2_000_000);
  const prefix = join(here.path, 'prefix');
  const installed = await program('npm', ['install', '--global', '--offline', '--prefix', prefix, tarball], { cwd: here.path });
  expect(installed.status, installed.stderr).toBe(0);
  const eulab = join(prefix, 'bin/eulab');
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const built = await program(eulab, ['build', 'ramdisk', '--busybox', '/bin/busybox'], { cwd: here.path, env });
  expect(built.status, built.stderr).toBe(0);
  expect(readdirSync(join(here.path, 'artifacts')).sort()).toEqual([
    'initramfs.cpio.gz',
    'ramdisk.manifest.json',
    'ramdisk.provenance.json',
  ]);
  const files = readdirSync(join(prefix, 'lib/node_modules/eulab')).sort();
  expect(files).toEqual(
    expect.arrayContaining(['Dockerfile.kernel', 'Dockerfile.ramdisk', 'LICENSE', 'README.md', 'dist', 'package.json', 'utils']),
  );
  for (const developers of ['src', 'test', 'scripts', 'node_modules']) expect(files).not.toContain(developers);
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, program, root } from '../eulab.ts';

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
  const schema = JSON.parse(readFileSync(join(prefix, 'lib/node_modules/eulab/dist/schemas/outcome.json'), 'utf8'));
  expect(schema.$id).toMatch(/^urn:eulab:schema:outcome:\d+\.\d+$/);
  for (const developers of ['src', 'test', 'scripts', 'node_modules']) expect(files).not.toContain(developers);
});

test('publint has nothing to say against the package', async () => {
  // As npm packs it, which runs no script of ours.
  const { status, stdout, stderr } = await program(join(root, 'node_modules/.bin/publint'), ['--pack', 'npm', '--strict'], {
    env: { npm_config_ignore_scripts: 'true', npm_config_offline: 'true' },
  });
  expect([status, stdout.toString()], stderr).toEqual([0, expect.stringContaining('All good!')]);
});

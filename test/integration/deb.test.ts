import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { folder, program, root } from '../eulab.ts';
import { requires } from '../requires.ts';

const test = requires('dpkg-deb', 'md5sum', '/bin/busybox');

/** The package, made in a folder. */
async function made(where: string): Promise<string> {
  const { status, stdout, stderr } = await program('node', ['scripts/deb.mjs', where]);
  expect(status, stderr).toBe(0);
  return stdout.toString().trim();
}

test('make deb: a package that dpkg reads, the same bytes each time, from which eulab works', async () => {
  using here = folder();
  const file = await made(here.path);
  const bytes = readFileSync(file);
  expect((await made(here.path)) === file && readFileSync(file).equals(bytes)).toBe(true);
  expect(bytes.length).toBeLessThan(2_000_000);

  const field = (name: string) => execFileSync('dpkg-deb', ['-f', file, name], { encoding: 'utf8' }).trim();
  const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect([field('Package'), field('Version'), field('Architecture')]).toEqual(['eulab', version, 'all']);
  expect(field('Depends')).toBe(`nodejs (>= ${engines.node.replace('>=', '')})`);
  const listing = execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(listing.filter((line) => !/^\S+ root\/root /.test(line))).toEqual([]);

  const at = (path: string) => join(here.path, 'host', path);
  execFileSync('dpkg-deb', ['-R', file, at('')]);
  execFileSync('md5sum', ['--quiet', '--check', 'DEBIAN/md5sums'], { cwd: at('') });
  for (const place of ['man/man1/eulab-boot.1.gz', 'bash-completion/completions/eulab', 'doc/eulab/copyright']) {
    expect(statSync(at(`usr/share/${place}`)).isFile()).toBe(true);
  }
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const built = await program(at('usr/bin/eulab'), ['build', 'ramdisk', '--busybox', '/bin/busybox'], { cwd: here.path, env });
  expect(built.status, built.stderr).toBe(0);
  const listed = await program(at('usr/bin/eulab'), ['ramdisk', 'ls'], { cwd: here.path, env });
  expect(listed.stdout.toString()).toContain('bin/busybox');
}, 120_000);

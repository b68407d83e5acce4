import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder, program, root } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

test('what was released is pulled into an empty workspace, without sources or cache, and boots', async () => {
  using here = folder();
  const file = join(here.path, 'r.tar');
  const released = await eulab(['release', '--output', file]);
  expect(released.status, released.stderr).toBe(0);
  const elsewhere = join(here.path, 'elsewhere');
  mkdirSync(elsewhere);
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const pulled = await eulab(['-C', elsewhere, 'pull', file], { env });
  expect(pulled.status, pulled.stderr).toBe(0);
  // The file is not needed any more.
  rmSync(file);
  const args = ['-C', elsewhere, 'boot', '--accel', 'tcg', '--', 'sh', '-c', 'uname -r; exit 42'];
  const { status, stdout, stderr } = await eulab(args, { env });
  expect(status, stderr).toBe(42);
  const { version } = JSON.parse(readFileSync(join(root, 'artifacts/kernel.manifest.json'), 'utf8')).inputs;
  expect(String(stdout)).toContain(version);
});

test("what action.yml runs boots somebody's kernel, with an initramfs that it builds, and ends as the command does", async () => {
  using here = folder();
  const output = join(here.path, 'output');
  const inputs = { KERNEL: 'bzImage', COMMAND: 'test "$(uname -s)" = Linux && exit 42', MEMORY: '256M', TIMEOUT: '5m' };
  // The cache has busybox, as it was compiled for the lab's ramdisk.
  const env = { ...inputs, ENGINE: 'auto', RUNNER_TEMP: here.path, GITHUB_OUTPUT: output };
  const cwd = join(root, 'artifacts');
  const { status, stderr } = await program('sh', [join(root, 'scripts/action')], { cwd, env });
  expect(status, stderr).toBe(42);
  expect(readFileSync(output, 'utf8')).toBe('status=42\n');
});

test('a ramdisk, built again from its record in a container, is the same; so it is with the tools of this machine', async () => {
  using here = folder();
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const work = ['-C', here.path];
  const built = await eulab([...work, 'build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', 'auto'], { env });
  expect(built.status, built.stderr).toBe(0);
  for (const how of [[], ['--engine', 'host']]) {
    const { status, stdout, stderr } = await eulab([...work, 'verify', 'ramdisk', ...how], { env });
    expect(status, stdout + stderr).toBe(0);
    expect(String(stdout)).toMatch(/^ramdisk: the same bytes again: initramfs\.cpio\S* \(\d+ s\)$/m);
  }
});

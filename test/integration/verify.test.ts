import { appendFileSync, chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, program, root } from '../eulab.ts';
import { has, requires } from '../requires.ts';

/** An eulab of its own, whose files a test may change, and a workspace with what it has built. */
async function workspace(...builds: readonly (readonly string[])[]) {
  const here = folder();
  for (const name of ['dist', 'utils', 'package.json', '.dockerignore', 'Dockerfile.kernel', 'Dockerfile.ramdisk']) {
    cpSync(join(root, name), join(here.path, 'eulab', name), { recursive: true });
  }
  cpSync(join(root, 'test/fixtures/small-kernel'), join(here.path, 'linux'), { recursive: true });
  mkdirSync(join(here.path, 'work'));
  const eulab = async (...args: readonly string[]) => {
    const call = [join(here.path, 'eulab/dist/eulab.mjs'), '-C', join(here.path, 'work'), ...args];
    const env = { EULAB_CACHE: join(here.path, 'cache') };
    return await program(process.execPath, call, { cwd: join(here.path, 'work'), env });
  };
  for (const build of builds) {
    const { status, stderr } = await eulab('build', ...build, '--engine', 'host');
    expect(status, stderr).toBe(0);
  }
  const at = (path: string) => join(here.path, path);
  const verify = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await eulab('verify', ...args);
    return { status, said: stdout.toString() + stderr };
  };
  return { at, eulab, verify, [Symbol.dispose]: () => here[Symbol.dispose]() };
}

const smallKernel = ['kernel', '--source', '../linux/', '--profile', 'tiny'] as const;
const smallRamdisk = ['ramdisk', '--busybox', '/bin/busybox', '--add', 'note:/note'] as const;

/** Changes one bit of a file. */
function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

test('a kernel is the same again; a byte in its source, its fragment or the image is named', { timeout: 120_000 }, async () => {
  using here = await workspace();
  writeFileSync(here.at('work/my.config'), 'CONFIG_MINE=y\n');
  const built = await here.eulab('build', ...smallKernel, '--fragment', 'my.config', '--engine', 'host');
  expect(built.status, built.stderr).toBe(0);
  const green = await here.verify('kernel');
  expect(green.said).toMatch(/kernel tiny-1\.2\.3: the same bytes again: System\.map, bzImage, config, vmlinux/);
  expect(green.status).toBe(0);

  // The same record in another folder.
  const text = readFileSync(here.at('work/artifacts/kernel.provenance.json'), 'utf8');
  cpSync(here.at('work'), here.at('moved'), { recursive: true, preserveTimestamps: true });
  expect((await here.eulab('-C', here.at('moved'), 'verify', 'kernel')).status).toBe(0);
  expect(text).toMatch(/"dirHash": "[0-9a-f]{64}"/);

  flip(here.at('work/artifacts/bzImage'), 20);
  const touched = await here.verify('kernel');
  expect(touched).toMatchObject({ status: 1, said: expect.stringMatching(/^changed bzImage: .*from offset 20/) });
  flip(here.at('work/artifacts/bzImage'), 20);

  writeFileSync(here.at('work/my.config'), 'CONFIG_MINE=n\n');
  const fragment = await here.verify('kernel');
  expect(fragment).toMatchObject({
    status: 1,
    said: expect.stringContaining(`input   ${here.at('work/my.config')}: has other bytes`),
  });
  expect(fragment.said).not.toContain('building');
  writeFileSync(here.at('work/my.config'), 'CONFIG_MINE=y\n');

  flip(here.at('linux/init/version.c'), 30);
  const source = await here.verify('kernel');
  expect(source).toMatchObject({
    status: 1,
    said: expect.stringContaining(`input   ${here.at('linux/init/version.c')}: has other bytes`),
  });
  expect(source.said).not.toContain('building');
});

test('a kernel from a tarball is built from the tarball: a byte in the tree that was unpacked of it is named', {
  timeout: 120_000,
}, async () => {
  using here = await workspace();
  const tar = ['--sort=name', '--mtime=@0', '-C', here.at('.'), '-czf', here.at('linux-1.2.3.tar.gz'), 'linux'];
  expect((await program('tar', tar)).status).toBe(0);
  const built = await here.eulab('build', 'kernel', '--source', '../linux-1.2.3.tar.gz', '--profile', 'tiny', '--engine', 'host');
  expect(built.status, built.stderr).toBe(0);
  expect((await here.verify('kernel')).status).toBe(0);
  const { folder: tree } = JSON.parse(readFileSync(here.at('work/artifacts/kernel.manifest.json'), 'utf8')).inputs;
  flip(join(tree, 'init/main.c'), 3);
  const red = await here.verify('kernel');
  expect(red).toMatchObject({
    status: 1,
    said: expect.stringContaining(`input   ${join(tree, 'init/main.c')}: is not what the tarball has`),
  });
});

test('a tool that makes other bytes is told by the section that differs', { timeout: 120_000 }, async () => {
  using here = await workspace(smallKernel);
  const path = here.at('bin/gcc');
  mkdirSync(here.at('bin'));
  const env = { EULAB_CACHE: here.at('cache'), PATH: `${here.at('bin')}:${process.env['PATH']}` };
  const call = [here.at('eulab/dist/eulab.mjs'), '-C', here.at('work'), 'verify', 'kernel', '--json'];
  writeFileSync(path, '#!/bin/sh\ncase " $* " in *main.c*) set -- "$@" -O0 ;; esac\nexec /usr/bin/gcc "$@"\n', {
    mode: 0o755,
  });
  const { status, stdout } = await program(process.execPath, call, { env });
  const [verdict] = JSON.parse(stdout.toString());
  expect(status).toBe(1);
  expect(verdict).toMatchObject({ product: 'kernel', equal: false, same: expect.arrayContaining(['config']) });
  const vmlinux = verdict.findings.find(({ name }: { name: string }) => name === 'vmlinux');
  expect(vmlinux).toMatchObject({ kind: 'output', what: expect.stringMatching(/^section .*\.text.*; from offset \d+/) });
});

requires('/bin/busybox')(
  'a ramdisk is the same again; a byte in the agent, an addition or the image is named, and an entry that differs',
  async () => {
    using here = await workspace();
    writeFileSync(here.at('work/note'), 'one\n');
    const built = await here.eulab('build', ...smallRamdisk, '--engine', 'host');
    expect(built.status, built.stderr).toBe(0);
    const green = await here.verify();
    expect([green.status, green.said]).toEqual([0, expect.stringContaining('ramdisk: the same bytes again: initramfs.cpio.gz')]);

    writeFileSync(here.at('work/note'), 'two\n');
    expect(await here.verify('ramdisk')).toMatchObject({
      status: 1,
      said: expect.stringContaining(`input   ${here.at('work/note')}: has`),
    });
    writeFileSync(here.at('work/note'), 'one\n');

    const agent = here.at('eulab/utils/agent/words.c');
    const text = readFileSync(agent);
    appendFileSync(agent, '\n');
    expect(await here.verify('ramdisk')).toMatchObject({
      status: 1,
      said: expect.stringContaining(`input   ${agent}: has other bytes`),
    });
    writeFileSync(agent, text);

    chmodSync(here.at('work/note'), 0o600);
    expect(await here.verify('ramdisk')).toMatchObject({
      status: 1,
      said: expect.stringContaining('output  initramfs.cpio.gz: /note: mode 644 -> 600'),
    });
  },
);

const elsewhere = requires('/bin/busybox', 'root', 'setpriv', 'unshare');
elsewhere('in another folder, for another user, in another time zone and on a host of another name it is the same', async () => {
  using here = await workspace(smallKernel, ['ramdisk', '--busybox', '/bin/busybox']);
  for (const path of ['.', 'work', 'work/artifacts']) chmodSync(here.at(path), 0o777);
  mkdirSync(here.at('theirs'), { mode: 0o777 });
  chmodSync(here.at('theirs'), 0o777);
  const nobody = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"';
  const call = ['--uts', 'sh', '-c', `hostname elsewhere; umask 077; cd "${here.at('theirs')}"; ${nobody}`, 'sh'];
  const eulab = [process.execPath, here.at('eulab/dist/eulab.mjs'), '-C', here.at('work'), 'verify', '--json'];
  const env = { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8', HOME: here.at('theirs'), EULAB_CACHE: here.at('theirs/cache') };
  const { status, stdout, stderr } = await program('unshare', [...call, ...eulab], { env });
  expect(status, stdout + stderr).toBe(0);
  expect(JSON.parse(stdout.toString()).map(({ equal }: { equal: boolean }) => equal)).toEqual([true, true]);
});

test('what cannot be verified is refused with status 2: nothing there, no record, another name', async () => {
  using here = await workspace();
  expect(await here.verify()).toMatchObject({ status: 2, said: expect.stringContaining('there is nothing to verify') });
  expect(await here.verify('kernel')).toMatchObject({ status: 2, said: expect.stringContaining('there is no kernel') });
  expect(await here.verify('kernel', '--name', 'debgu')).toMatchObject({ status: 2 });
  expect(await here.verify('ramdsk')).toMatchObject({ status: 2 });
  expect(await here.verify('ramdisk', '--name', 'x')).toMatchObject({ status: 2 });
  if (!has('/bin/busybox')) return;
  await here.eulab('build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', 'host');
  // As an eulab without records left it.
  const file = here.at('work/artifacts/ramdisk.manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...manifest, files: manifest.files.slice(0, 1) }));
  expect(await here.verify('ramdisk')).toMatchObject({
    status: 2,
    said: expect.stringMatching(/has no record .*\n.*older eulab.*eulab build ramdisk/),
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { barrenQemu, eulab, folder } from '../eulab.ts';
import { bzImage } from '../images.ts';

test('the help lists the verbs, on stdout', async () => {
  const { status, stdout, stderr } = await eulab(['--help']);
  expect([status, stderr]).toEqual([0, '']);
  for (const verb of ['build', 'boot', 'disk', 'image', 'clean'])
    expect(stdout.toString()).toMatch(new RegExp(`^ {2}${verb} `, 'm'));
});

test.each([
  ['boot', '--memory'],
  ['clean', '--dry-run'],
  ['disk create', '--from'],
  ['disk list', '--json'],
  ['image bootstrap', '--verbose'],
  ['build kernel', '--profile'],
  ['build ramdisk', '--busybox'],
])('the help of %s has %s and an example or a description', async (verb, option) => {
  const { status, stdout } = await eulab([...verb.split(' '), '--help']);
  expect(status).toBe(0);
  expect(stdout.toString()).toContain(option);
  expect(stdout.toString()).toContain(`Usage: eulab ${verb}`);
});

test('the version names the commit', async () => {
  expect((await eulab(['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+ \([0-9a-f]+(-dirty)?, \d{4}-\d\d-\d\d\)\n$/);
});

test.each([
  ['a misspelt option', ['boot', '--memroy', '1G'], "unknown option '--memroy'", 'did you mean --memory?'],
  ['a misspelt verb', ['bot'], "unknown command 'bot'", 'did you mean boot?'],
  ['a misspelt product', ['build', 'kernal'], "unknown command 'kernal'", 'did you mean kernel?'],
  ['an option without its value', ['boot', '--memory'], "option '-m, --memory <size>' argument missing", ''],
  ['a bad size', ['boot', '--memory', 'lots'], "'lots' is invalid", 'is no size such as 512M or 2G'],
  ['too little memory', ['boot', '--memory', '4M'], "'4M' is invalid", 'Linux needs 32M'],
  ['no CPUs', ['boot', '--cpus', '0'], "'0' is invalid", 'is less than 1'],
  ['a bad time', ['boot', '--timeout', 'soon'], "'soon' is invalid", 'is no time such as'],
  ['a limit of no phase', ['boot', '--limit', 'reboot=5s'], "'reboot=5s' is invalid", 'firmware, kernel, init, command'],
  ['an unknown accelerator', ['boot', '--accel', 'xen'], "'xen' is invalid", 'auto, kvm, tcg'],
  ['an unknown network', ['boot', '--net', 'wifi'], "'wifi' is invalid", 'user, none, lab:NAME'],
  ['a bad address', ['boot', '--ip', '10.0.0'], "'10.0.0' is invalid", 'ADDRESS/PREFIX'],
  [
    'an unknown engine',
    ['build', 'kernel', '--engine', 'make'],
    "'make' is invalid",
    'auto, podman, docker, buildah, compose, host',
  ],
  [
    'an unknown profile',
    ['build', 'kernel', '--profile', 'huge'],
    "no kernel profile 'huge'",
    'lab, defconfig, debug, net, tiny',
  ],
  ['an unknown source', ['build', 'kernel', '--source', 'latest-ltz'], 'latest-ltz', 'latest-lts'],
  ['a setting that is none', ['build', 'kernel', '--set', 'KASAN'], 'KASAN', '--set CONFIG_X=y'],
  ['a fragment that is not there', ['build', 'kernel', '--fragment', '/no/such'], '/no/such', 'ENOENT'],
  ['a mirror that is no URL', ['build', 'kernel', '--mirror', 'here'], "'here' is invalid", 'is no URL'],
  ['something unknown to clean', ['clean', 'kernels'], "'kernels' is invalid", 'kernel'],
  ['a folder that is not there', ['-C', '/no/such/folder', 'clean'], '/no/such/folder', '--directory'],
  ['a busybox that is not there', ['build', 'ramdisk', '--busybox', '/no/such'], '/no/such', '--busybox'],
])('%s is refused at once, with 2', async (_what, args, message, remedy) => {
  using cache = folder();
  const { status, stdout, stderr } = await eulab(args, { env: { EULAB_CACHE: cache.path } });
  expect([status, stdout.toString()]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr).toContain(remedy);
  expect(stderr).not.toContain('    at ');
});

test('the environment is checked like the command line', async () => {
  const { status, stderr } = await eulab(['boot'], { env: { EULAB_MEMORY: 'lots' } });
  expect([status, stderr]).toEqual([2, expect.stringContaining('EULAB_MEMORY')]);
});

/** A folder with a bzImage's header and an initramfs, as far as eulab looks at them, but for what a test breaks. */
function workspace() {
  const here = folder();
  mkdirSync(join(here.path, 'artifacts'));
  writeFileSync(join(here.path, 'artifacts/bzImage'), bzImage());
  return here;
}

test.each<[string, (path: string) => string[], string, string]>([
  ['a kernel that is not there', () => ['--kernel', '/no/bzImage'], '/no/bzImage does not exist', 'eulab build kernel'],
  [
    'a kernel that is a text',
    (path) => {
      writeFileSync(join(path, 'notes'), 'hello\n');
      return ['--kernel', join(path, 'notes')];
    },
    'notes is no Linux kernel for x86-64: it is a text file',
    '--kernel',
  ],
  ['an initramfs that is not there', () => [], 'initramfs.cpio.gz does not exist', 'eulab build ramdisk'],
  [
    'an initramfs that is a text',
    (path) => {
      writeFileSync(join(path, 'notes'), 'hello\n');
      return ['--initrd', join(path, 'notes')];
    },
    'notes is no initramfs',
    '--initrd',
  ],
  [
    'an initramfs without /init',
    (path) => {
      const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: path, input: 'artifacts\n' });
      writeFileSync(join(path, 'no-init.cpio.gz'), gzipSync(archive));
      return ['--initrd', join(path, 'no-init.cpio.gz')];
    },
    'no-init.cpio.gz has no /init',
    'eulab build ramdisk',
  ],
  [
    'an initramfs that is cut',
    (path) => {
      const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: path, input: 'artifacts\n' });
      writeFileSync(join(path, 'cut.cpio.gz'), gzipSync(archive).subarray(0, 60));
      return ['--initrd', join(path, 'cut.cpio.gz')];
    },
    'cut.cpio.gz is cut or damaged',
    'eulab build ramdisk',
  ],
])('boot refuses %s before QEMU starts', async (_what, prepare, message, remedy) => {
  using here = workspace();
  const options = prepare(here.path);
  const { status, stderr } = await eulab(['-C', here.path, 'boot', '--qemu', barrenQemu(here.path), ...options, '--', 'true'], {
    env: { EULAB_CACHE: join(here.path, 'cache') },
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr).toContain(remedy);
});

test('a shell without a terminal is refused, with what to do instead', async () => {
  using here = workspace();
  await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox'], {
    env: { EULAB_CACHE: join(here.path, 'cache') },
  });
  const { status, stderr } = await eulab(['-C', here.path, 'boot'], { env: { EULAB_CACHE: join(here.path, 'cache') } });
  expect([status, stderr]).toEqual([2, expect.stringContaining('a shell needs a terminal')]);
  expect(stderr).toContain('eulab boot -- COMMAND');
});

test('an outcome that cannot be written is refused before QEMU starts, and leaves nothing', async () => {
  using here = workspace();
  const env = { EULAB_CACHE: join(here.path, 'cache'), EULAB_ACCEL: 'tcg' };
  await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox'], { env });
  const file = join(here.path, 'none/outcome.json');
  const { status, stderr } = await eulab(
    ['-C', here.path, 'boot', '--qemu', barrenQemu(here.path), '--json', file, '--', 'true'],
    {
      env,
    },
  );
  expect([status, stderr]).toEqual([2, expect.stringContaining(`--json: cannot write ${file} (ENOENT)`)]);
});

test('without QEMU: 3, and the package that brings it', async () => {
  using here = workspace();
  const env = { EULAB_CACHE: join(here.path, 'cache'), PATH: here.path };
  await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox'], { env: { EULAB_CACHE: env.EULAB_CACHE } });
  const { status, stderr } = await eulab(['-C', here.path, 'boot', '--', 'true'], { env });
  expect([status, stderr]).toEqual([3, expect.stringContaining('qemu-system-x86_64 is not installed')]);
  expect(stderr).toContain('apt-get install qemu-system-x86');
});

test('the host as an engine, without a toolchain: 3, and all packages at once', async () => {
  using here = folder();
  const { status, stderr } = await eulab(['-C', here.path, 'build', 'ramdisk', '--engine', 'host'], {
    env: { EULAB_CACHE: join(here.path, 'cache'), PATH: here.path },
  });
  expect([status, stderr]).toEqual([3, expect.stringContaining('gcc, make, musl-gcc are not installed')]);
  expect(stderr).toContain('apt-get install build-essential make musl-tools');
});

test('a dry run prints the private folder and QEMU’s call for the shell, with every path quoted, and starts nothing', async () => {
  using here = workspace();
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const odd = join(here.path, "it's, a folder");
  mkdirSync(odd);
  await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox'], { env });
  writeFileSync(join(odd, 'bzImage'), '');
  const kernel = join(here.path, 'artifacts/bzImage');
  const { status, stdout } = await eulab(
    ['-C', here.path, 'boot', '--accel', 'tcg', '--kernel', kernel, '--append', 'a b', '--dry-run'],
    { env },
  );
  expect(status).toBe(0);
  const [make, line = '', ...others] = stdout.toString().trimEnd().split('\n');
  expect(make).toMatch(/^mkdir -p -m 700 \/\S+\/vm\d+$/);
  expect(others).toEqual([]);
  expect(line).toMatch(/^qemu-system-x86_64 -machine q35\S* -accel tcg /);
  expect(line).toContain(`-kernel ${kernel} `);
  expect(line).toMatch(/-append '[^']* a b'/);
});

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { eulab, folder } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { foreignPackages } from './debian.ts';

artifacts();

/** A boot under emulation; the command is a script of the shell. */
async function boot(options: readonly string[], script: string) {
  const { status, stdout, stderr } = await eulab(['boot', '--accel', 'tcg', ...options, '--', 'sh', '-c', script]);
  return { status, stderr, lines: stdout.toString().trim().split('\n') };
}

requires(
  'apt-get',
  'dpkg-deb',
  '/etc/debian_version',
)('a package of Debian with what it depends on, and one of our own with a merged /usr', async () => {
  using here = folder();
  const put = (name: string, text: string, mode = 0o644) => {
    mkdirSync(join(here.path, name, '..'), { recursive: true });
    writeFileSync(join(here.path, name), text, { mode });
  };
  put('own/DEBIAN/control', 'Package: own\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.org>\nDescription: own\n');
  put('own/usr/bin/own', '#!/bin/sh\necho own\n', 0o755);
  put('own/usr/share/doc/own/copyright', 'free');
  const file = join(here.path, 'own.deb');
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', join(here.path, 'own'), file]);
  const { status, lines } = await boot(
    ['--package', 'strace', '--package', file],
    'strace -V | head -1; strace -o /trace /bin/own; grep -c execve /trace; ls /usr/share/doc 2>/dev/null; exit 42',
  );
  expect([status, lines]).toEqual([42, [expect.stringMatching(/^strace -- version \d/), 'own', expect.stringMatching(/^[1-9]/)]]);
});

requires('bash', 'strace')(
  'files, patterns, a tree, programs of the host, a service, all at once, in a guest that has none of them',
  async () => {
    using here = folder();
    const put = (name: string, text: string, mode = 0o644) => {
      mkdirSync(join(here.path, name, '..'), { recursive: true });
      writeFileSync(join(here.path, name), text);
      chmodSync(join(here.path, name), mode);
    };
    put('tests/one.sh', 'echo one', 0o755);
    put('tests/two.sh', 'echo two', 0o755);
    put('tests/three.txt', 'three');
    put('root/etc/motd', 'from the tree\n', 0o600);
    put('root/usr/bin/tool', '#!/bin/bash\necho "tool by bash $BASH_VERSION"\n', 0o755);
    put('own path', 'at its own path\n');
    const service = 'while :; do echo beat >>/run/beats; sleep 0.1; done';
    put('contents.json', JSON.stringify({ overlay: ['root'], service: { beat: service }, program: ['strace'] }));
    const options = ['--add', `${here.path}/tests/*.sh:/tests/`, '--add', join(here.path, 'own path'), '--program', 'bash'];
    const script = `
    bash --version | head -1
    strace -V | head -1
    /usr/bin/tool
    ls /tests
    cat '${here.path}/own path' /etc/motd
    stat -c '%a %u' /etc/motd
    [ -x /usr/bin/env ] && [ -x /bin/busybox ] && echo base
    until grep -q beat /run/beats; do sleep 0.1; done 2>/dev/null
    until sv status beat; do sleep 0.1; done >/dev/null 2>&1
    sv down beat && echo down
    exit 42`;
    const { status, lines, stderr } = await boot([...options, '--contents', join(here.path, 'contents.json')], script);
    expect([status, stderr]).toEqual([42, '']);
    expect(lines).toEqual([
      expect.stringMatching(/^GNU bash, version 5/),
      expect.stringMatching(/^strace -- version \d/),
      expect.stringMatching(/^tool by bash 5/),
      'one.sh',
      'two.sh',
      'at its own path',
      'from the tree',
      '600 0',
      'base',
      'down',
    ]);
  },
);

test('a first process of the user’s own', async () => {
  using here = folder();
  const init = join(here.path, 'first');
  const mounts = 'mount -t devtmpfs d /dev; mount -t proc p /proc; mount -t sysfs s /sys';
  writeFileSync(init, `#!/bin/sh\n${mounts}\necho mine >/mine\nexec /bin/eulab-agent\n`);
  const { status, lines } = await boot(['--init', init], 'cat /mine; exit 42');
  expect([status, lines]).toEqual([42, ['mine']]);
});

test('a saved state is not taken for that of another content', async () => {
  using here = folder();
  const file = join(here.path, 'file');
  const call = (text: string) => {
    writeFileSync(file, text);
    return boot(['--warm', '--add', `${file}:/file`], 'cat /file; exit 42');
  };
  for (const text of ['first', 'other']) expect(await call(text)).toMatchObject({ status: 42, lines: [text] });
});

requires(
  'zstd',
  'lz4',
  'xz',
)('the kernel unpacks what every compression makes, in two archives', async () => {
  using here = folder();
  const file = join(here.path, 'file');
  // More than one block of a parallel gzip, with repetitions from block to block.
  const text = Array.from({ length: 200_000 }, (_, index) => `${index % 7919} ${index}\n`).join('');
  writeFileSync(file, text);
  for (const [method, ending] of Object.entries({ gzip: '.gz', zstd: '.zst', lz4: '.lz4', xz: '.xz', none: '' })) {
    const built = await eulab(['-C', here.path, 'build', 'ramdisk', '--add', `${file}:/file`, '--compression', method]);
    expect(built.status, built.stderr).toBe(0);
    expect(readdirSync(join(here.path, 'artifacts')).filter((name) => name.startsWith('initramfs'))).toEqual([
      `initramfs.cpio${ending}`,
    ]);
    // As it is: the host unpacks nothing for the guest.
    const initrd = join(here.path, `artifacts/initramfs.cpio${ending}`);
    const { status, lines } = await boot(
      ['--initrd', initrd, '--kernel-form', 'bzimage'],
      'wc -c </file; tail -n 1 /file; exit 42',
    );
    expect([status, ...lines], method).toEqual([42, String(text.length), '2024 199999']);
  }
  const { inputs } = JSON.parse(readFileSync(join(here.path, 'artifacts/ramdisk.manifest.json'), 'utf8'));
  expect(inputs.add).toBe(`${file}:/file`);
});

const apt = requires('apt-get', 'apt-cache', 'dpkg-deb', '/etc/debian_version', 'depmod', 'xz', 'zstd');

/** An unmodified kernel of Debian's, as its package has it. */
async function debianKernel(name: string): Promise<string> {
  const boots = join(await foreignPackages('amd64', [name]), 'boot');
  return join(boots, readdirSync(boots).find((file) => file.startsWith('vmlinuz-')) ?? '');
}

const modulesOf = (kernel: string) => join(dirname(kernel), '../lib/modules', kernel.replace(/.*vmlinuz-/, ''));

/** The same modules as other distributions have them: compressed, and with depmod's lists. Returns their folder. */
function compressed(from: string, root: string): string {
  const to = join(root, 'lib/modules', basename(from));
  // As much of them as the test has a use for.
  const other =
    /\/kernel\/(drivers\/(?!block|char|net|virtio)|drivers\/net\/.*\/|fs\/(?!ext4|jbd2|mbcache)|net\/(?!core|packet))/;
  cpSync(from, to, { recursive: true, filter: (path) => !other.test(path) });
  const paths = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ko'));
  const half = (rest: number) => paths.filter((_, index) => index % 2 === rest).map((path) => join(to, path));
  execFileSync('xz', ['--check=crc32', '-0', ...half(0)]);
  execFileSync('zstd', ['-q', '-1', '--rm', ...half(1)]);
  execFileSync('depmod', ['--basedir', root, basename(from)]);
  return to;
}

apt(
  'Debian’s cloud kernel gets the drivers of its machine as modules: the channel, a card, a disk, what was asked for',
  async () => {
    const kernel = await debianKernel('linux-image-cloud-amd64');
    using here = folder();
    const made = await eulab(['-C', here.path, 'disk', 'create', 'd', '32M']);
    expect(made.status, made.stderr).toBe(0);
    const disk = join(
      here.path,
      'artifacts/storage',
      readdirSync(join(here.path, 'artifacts/storage')).find((name) => /^d\./.test(name)) ?? '',
    );
    const script = `
      uname -r
      ls /sys/class/virtio-ports | wc -l
      ping -c 1 -W 5 10.0.2.2 >/dev/null && echo network
      mkdir -p /disk && mount -t ext4 /dev/vda /disk && echo disk
      ls -d /sys/block/loop* | wc -l
      cat /sys/class/misc/hw_random/rng_current
      exit 42`;
    const options = ['--kernel', kernel, '--disk', `${disk}:snapshot`, '--module'];
    const expected = [kernel.replace(/.*vmlinuz-/, ''), '1', 'network', 'disk', '3', 'virtio_rng.0'];
    const { status, lines, stderr } = await boot([...options, 'loop max_loop=3'], script);
    expect([status, lines], stderr).toEqual([42, expected]);
    const folders = ['--modules', compressed(modulesOf(kernel), join(here.path, 'modules'))];
    const loop = join(here.path, 'loop.ko.gz');
    writeFileSync(loop, gzipSync(readFileSync(join(modulesOf(kernel), 'kernel/drivers/block/loop.ko'))));
    const packed = await boot([...options, `${loop} max_loop=3`, ...folders], script);
    expect([packed.status, packed.lines], packed.stderr).toEqual([42, expected]);
  },
  300_000,
);

apt(
  'Debian’s general kernel boots to a command’s status with a network, by DHCP, and a folder of the host',
  async () => {
    const kernel = await debianKernel('linux-image-amd64');
    using here = folder();
    writeFileSync(join(here.path, 'shared'), 'of the host\n');
    const script = 'uname -r; ping -c 1 -W 5 10.0.2.2 >/dev/null && echo network; cat /shared/shared; exit 42';
    const options = ['--kernel', kernel, '--ip', 'dhcp', '--share', `${here.path}:/shared:ro`];
    const { status, lines, stderr } = await boot(options, script);
    expect(status, stderr).toBe(42);
    expect(lines).toEqual([kernel.replace(/.*vmlinuz-/, ''), 'network', 'of the host']);
  },
  300_000,
);

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle, ended, eulab, folder, program, root, started } from '../eulab.ts';
import { onTerminal } from '../terminal.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const here = folder();
const storage = join(here.path, 'artifacts/storage');
const files = ['--kernel', join(root, 'artifacts/bzImage'), '--initrd', join(root, 'artifacts/initramfs.cpio.gz')];
const call = (...words: string[]) => ['-C', here.path, ...words];
const boot = (...words: string[]) => eulab(call('boot', ...files, ...words));
/** A shell script in a machine with these disks. */
const sh = (options: string[], script: string) => boot(...options, '--', 'sh', '-c', script);
const tools = { env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } };
const fsck = (image: string) => execFileSync('e2fsck', ['-fn', image], { ...tools, stdio: 'pipe' }).toString();
const debugfs = (image: string, request: string) =>
  execFileSync('debugfs', ['-R', request, image], { ...tools, stdio: 'pipe' }).toString();
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

beforeAll(async () => {
  const initramfs = join(root, 'artifacts/initramfs.cpio.gz');
  for (const words of [
    ['data', '64M'],
    ['second', '1G', '--format', 'qcow2'],
    ['blank', '8M', '--fs', 'none'],
    ['rootfs', '64M', '--from', initramfs],
  ]) {
    const { status, stderr } = await eulab(call('disk', 'create', ...words));
    if (status !== 0) throw new Error(stderr);
  }
});
afterAll(() => here[Symbol.dispose]());

test('what a guest writes is there for the next; while one writes, no other machine gets the disk', async () => {
  // The command does not end before its input does: as long as it runs, the disks are held.
  const script = `set -e; cat /sys/block/vda/serial /sys/block/vdb/serial; mkdir /one /two; mount /dev/vda /one; mount /dev/vdb /two
    echo first >/one/file; echo second >/two/file; echo; cat >/one/input; exit 42`;
  const first = started(call('boot', ...files, '--disk', 'data', '--disk', 'second', '--', 'sh', '-c', script));
  const end = ended(first);
  if (first.stdout === null || first.stdin === null) throw new Error('started without pipes');
  await once(first.stdout, 'data');
  const other = await boot('--disk', 'data', '--', 'true');
  expect([other.status, other.stderr]).toEqual([
    2,
    expect.stringMatching(/--disk data: \S+data\.img is in use by qemu-system-x86 \(process \d+\)/),
  ]);
  first.stdin.end('typed');
  const { status, stdout } = await end;
  expect([status, stdout.toString()]).toEqual([42, expect.stringMatching(/^datasecond\n/)]);
  // Clean, though nothing was unmounted: the next guest may mount it without writing.
  fsck(join(storage, 'data.img'));
  expect(debugfs(join(storage, 'data.img'), 'show_super_stats -h')).not.toContain('needs_recovery');
  expect(debugfs(join(storage, 'data.img'), 'cat /input')).toBe('typed');
});

test(':ro is read-only in the guest, :snapshot is forgotten', async () => {
  const before = [digest(join(storage, 'data.img')), digest(join(storage, 'second.qcow2'))];
  const script = `set -e; mkdir /one /two; mount -o ro /dev/vda /one; mount /dev/vdb /two; cat /one/file /two/file /sys/block/vd*/ro
    ! echo x 2>/dev/null >/dev/vda; echo changed >/two/file; sync; cat /two/file; exit 42`;
  const { status, stdout } = await sh(['--disk', 'data:ro', '--disk', 'second:snapshot'], script);
  expect([status, stdout.toString()]).toEqual([42, 'first\nsecond\n1\n0\nchanged\n']);
  expect([digest(join(storage, 'data.img')), digest(join(storage, 'second.qcow2'))]).toEqual(before);
});

test('--root: the command runs in the disk’s file system, with its status and the machine’s network', async () => {
  const script = `grep ' / ' /proc/mounts | cut -d' ' -f1-3; cat /etc/resolv.conf; ls -d /proc/1 /sys/class /dev/vda /run >/run/x; wc -l </run/x
    mount /dev/vdb /mnt && cat /mnt/file; echo kept >/kept; cat; exit 42`;
  const words = call('boot', ...files, '--root', 'rootfs', '--disk', 'data', '--', 'sh', '-c', script);
  const { status, stdout } = await eulab(words, { input: 'through\n' });
  expect([status, stdout.toString()]).toEqual([42, '/dev/vda / ext4\nnameserver 10.0.2.3\n4\nfirst\nthrough\n']);
  fsck(join(storage, 'rootfs.img'));
  expect(debugfs(join(storage, 'rootfs.img'), 'cat /kept')).toBe('kept\n');
  expect(debugfs(join(storage, 'rootfs.img'), 'cat /etc/resolv.conf')).toBe('');
});

test('--root on a machine that was torn away, read-only: the journal is left as it is', async () => {
  await sh(['--root', 'rootfs'], 'echo torn >/torn; sync; echo b >/proc/sysrq-trigger; sleep 100');
  const image = join(storage, 'rootfs.img');
  expect(debugfs(image, 'show_super_stats -h')).toContain('needs_recovery');
  const before = digest(image);
  const { status, stdout } = await sh(
    ['--root', 'rootfs:ro'],
    'cut -c1-18 /proc/mounts | head -1; touch /x 2>/dev/null || exit 42',
  );
  expect([status, stdout.toString()]).toEqual([42, '/dev/vda / ext4 ro\n']);
  expect(digest(image)).toBe(before);
});

test('--root: a file of any name, whose first partition is the root, and writes that are forgotten', async () => {
  const file = join(here.path, `it's, "a" disk:ro`);
  const first = 2048;
  const image = readFileSync(join(storage, 'rootfs.img'));
  // A partition table with one entry: type 0x83, its first sector and its length. @see sfdisk(8)
  const table = Buffer.alloc(first * 512);
  table.writeUInt8(0x83, 446 + 4);
  table.writeUInt32LE(first, 446 + 8);
  table.writeUInt32LE(image.length / 512, 446 + 12);
  table.writeUInt16BE(0x55aa, 510);
  writeFileSync(file, Buffer.concat([table, image]));
  const before = digest(file);
  const { status, stdout } = await sh(['--root', `${file}:snapshot`], 'cut -c1-19 /proc/mounts | head -1; echo x >/x && exit 42');
  expect([status, stdout.toString()]).toEqual([42, '/dev/vda1 / ext4 rw\n']);
  expect(digest(file)).toBe(before);
});

test('--root: the host’s folders are in the disk’s file system, for a command and beside its own init', async () => {
  const shared = join(here.path, 'shared');
  mkdirSync(shared, { recursive: true });
  writeFileSync(join(shared, 'there'), 'there\n');
  const options = ['--root', 'rootfs:snapshot', '--share', `${shared}:/mnt/shared:ro`];
  const script = 'cat /mnt/shared/there; pwd; grep -c "^/dev/vda / " /proc/mounts; exit 42';
  const { status, stdout, stderr } = await eulab(call('boot', ...files, ...options, '--cwd', '--', 'sh', '-c', script), {
    cwd: shared,
  });
  expect([status, stdout.toString()], stderr).toEqual([42, `there\n${shared}\n1\n`]);

  const shown = await onTerminal(onDisk(options.join(' ')), [
    [/Please press Enter to activate this console/, '\n'],
    [/# /, 'cat /mnt/shared/there; poweroff\n'],
  ]);
  expect(shown).toMatch(/^there\r*\n/m);
});

test.each([
  ['a disk without a file system', ['--root', 'blank'], 'no file system on /dev/vda that this kernel can mount (it knows'],
  [
    'a kernel without the driver',
    ['--root', 'rootfs', '--append', 'initcall_blacklist=virtio_blk_init'],
    'no /dev/vda: the kernel has no driver for the disk (CONFIG_VIRTIO_BLK',
  ],
])('%s: said so, with 125', async (_what, options, message) => {
  const { status, stderr } = await boot(...options, '--', 'true');
  expect([status, stderr]).toEqual([125, expect.stringContaining(`eulab: the guest cannot use the root: ${message}`)]);
});

test('a host without space: the guest hears of it, and goes on', async () => {
  const script = [
    `mount -t tmpfs -o size=2M tmpfs ${storage}`,
    `truncate -s 64M ${storage}/full.img`,
    [process.execPath, bundle, ...call('boot', ...files, '--disk', 'full'), '--', 'dd', 'if=/dev/urandom', 'of=/dev/vda'].join(
      ' ',
    ),
  ].join('; ');
  const words = ['--map-root-user', '--mount', 'sh', '-c', `${script} bs=1M count=8 conv=fsync`];
  const { status, stderr } = await program('unshare', words);
  expect([status, stderr]).toEqual([1, expect.stringContaining('I/O error')]);
});

const onDisk = (options: string) =>
  `${process.execPath} ${bundle} ${call('boot', ...files).join(' ')} ${options}; echo status=$?`;

test('--root: the disk’s own init is the first process, and switches the machine off', async () => {
  const shown = await onTerminal(onDisk('--root rootfs:snapshot'), [
    [/Please press Enter to activate this console/, '\n'],
    [/# /, `cat /proc/1/comm; ls /newroot; mount | grep -c ' / '; poweroff\n`],
  ]);
  expect(shown).toMatch(/^init\r*\n/m);
  expect(shown).toContain('/newroot: No such file');
  expect(shown).toMatch(/^1\r*\n/m);
  expect(shown).toContain('reboot: Power down');
  expect(shown).toContain('status=0');
});

test('--root with a shell as its init: with job control, and exit switches the machine off', async () => {
  const shown = await onTerminal(onDisk('--root rootfs:snapshot --append init=/bin/sh'), [
    [/root@eulab:\S+# /, `tty; grep ' / ' /proc/mounts; sleep 100 & jobs; exit\n`],
  ]);
  expect(shown).toContain('/dev/ttyS0');
  expect(shown).toContain('/dev/vda / ext4');
  expect(shown).toMatch(/\[1\]\+? +Running/);
  expect(shown).toContain('status=0');
});

test('--root that cannot be: a shell of the initramfs, after the reason', async () => {
  const shown = await onTerminal(onDisk('--root data'), [[/root@eulab:~# /, '[ -d /newroot ] && echo initr""amfs; exit\n']]);
  expect(shown).toContain(
    'eulab: cannot use the root: no program to start on /dev/vda: no /sbin/init, /init, /bin/init or /bin/sh',
  );
  expect(shown).toContain('here is the shell of the initramfs instead');
  expect(shown).toMatch(/^initramfs\r*\n/m);
});

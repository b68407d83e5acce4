import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkVsock } from '../../src/boot/machine/host.ts';
import { eulab, folder, scaled } from '../eulab.ts';

/** A workspace whose kernel has a header and nothing behind it: whoever starts it has not looked. */
const here = folder();
const env = { EULAB_CACHE: join(here.path, 'cache') };

beforeAll(async () => {
  const kernel = Buffer.alloc(4096);
  kernel.set([0x55, 0xaa], 0x1fe);
  kernel.write('HdrS', 0x202);
  kernel.writeUInt16LE(0x020f, 0x206);
  kernel.writeUInt16LE(1, 0x236);
  kernel[0x1f1] = 4;
  mkdirSync(join(here.path, 'artifacts'));
  writeFileSync(join(here.path, 'artifacts/bzImage'), kernel);
  const arm = Buffer.alloc(4096);
  arm.write('MZ', 0);
  arm.write('ARMd', 0x38);
  writeFileSync(join(here.path, 'Image'), arm);
  writeFileSync(join(here.path, 'file'), '');
  mkdirSync(join(here.path, 'a, folder'));
  await eulab(['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox'], { env });
  // The facts of this host's QEMU, which are asked once, are not what is timed.
  await eulab(
    ['-C', here.path, 'boot', '--no-check', '--accel', 'tcg', '--machine', 'pc', '--cpu', 'max', '--dry-run', '--', 'true'],
    { env },
  );
});
afterAll(() => here[Symbol.dispose]());

/** What a call returns, and how long it took. */
async function timed<Value>(call: () => Promise<Value>): Promise<[Value, number]> {
  const startedMs = performance.now();
  return [await call(), performance.now() - startedMs];
}

test.each<[string, string[], number, string, string]>([
  ['more memory than there is', ['--memory', '4000G'], 2, '--memory 4096000 MiB is more than this host has', '--memory 512M'],
  ['more CPUs than the machine takes', ['--cpus', '300'], 2, '--cpus 300 is more than the machine q35 takes (255)', '255'],
  ['CPUs of nothing', ['--cpus', 'dies=2'], 2, "'dies=2' is invalid", 'sockets=N'],
  ['a CPU model', ['--cpu', 'EPIC'], 2, 'knows no CPU model "EPIC"', 'did you mean EPYC?'],
  ['a CPU feature', ['--cpu', 'max,+avxx'], 2, 'knows no CPU feature "avxx"', 'did you mean avx?'],
  ['the host’s CPU under emulation', ['--cpu', 'host'], 2, '--cpu host is what KVM alone can give', '--cpu max'],
  ['a machine', ['--machine', 'q36'], 2, '--machine q36: eulab knows no such machine of x86_64', 'did you mean q35?'],
  ['a machine that this QEMU has not', ['--machine', 'pc-q35-99.0'], 2, 'this QEMU has no such machine', '-machine help'],
  ['NUMA on microvm', ['--machine', 'microvm', '--numa', '1'], 2, 'microvm has no NUMA nodes', '--machine q35'],
  ['more nodes than CPUs', ['--numa', '2'], 2, '--numa 2: there are fewer CPUs (1) than nodes', '--cpus 2'],
  ['nodes that do not add up', ['--numa', 'cpus=0,memory=64M'], 2, 'have 64 MiB together, --memory says 512 MiB', '--numa 2'],
  ['a reserved vsock address', ['--vsock', '2'], 2, "'2' is invalid", 'is none of 3 to 4294967294'],
  ['a clock of nonsense', ['--rtc', 'yesterday'], 2, "'yesterday' is invalid", 'localtime'],
  ['a long command line', ['--append', 'x'.repeat(3000)], 2, 'bytes long: a kernel of x86_64 keeps 2047', '--append'],
  ['half a pair of quotes', ['--append', 'a="b c'], 2, '--append a="b c: a double quote without its partner', 'two words'],
  ['a line break', ['--append', 'a\nb'], 2, '--append "a\\nb" has a line break', 'spaces'],
  ['a folder that is not there', ['--share', '/no/such'], 2, '--share /no/such: there is no such folder', 'another'],
  ['a file for a folder', ['--share', join(here.path, 'file')], 2, '/file: is not a folder', 'share the folder'],
  ['a relative place in the guest', ['--share', '/tmp:mnt'], 2, "the guest's folder mnt is not absolute", 'GUESTDIR'],
  ['a place that the guest needs', ['--share', '/tmp:/proc'], 2, 'the guest needs its own /proc', 'HOSTDIR:GUESTDIR'],
  ['two folders at one place', ['--share', '/tmp:/m', '--share', '/var:/m'], 2, '--share /m: two folders', 'GUESTDIR'],
  ['a card without PCI', ['--machine', 'microvm', '--net', 'user,model=e1000'], 2, 'microvm has no PCI', '--machine q35'],
  ['a second network beside none', ['--net', 'none', '--net', 'user'], 2, '--net none is no card', 'leave it out'],
  ['an address for no card', ['--net', 'none', '--ip', '10.0.0.1/8'], 2, '--ip is for a card', '--net user'],
  ['a gateway without an address', ['--gateway', '10.0.0.1'], 2, '--gateway 10.0.0.1 is for an address', '--ip'],
  ['DHCP beside an address', ['--ip', 'dhcp', '--ip', '::1/64'], 2, 'dhcp and none stand alone', ''],
  ['ports into a lab', ['--net', 'lab:a', '--forward', 'tcp:1-:1'], 2, '--forward tcp:127.0.0.1:1-:1 needs a card', 'user'],
  ['packets to a folder', ['--pcap', '/tmp'], 2, '/tmp is a folder', 'name a file'],
  ['packets to nowhere', ['--pcap', '/no/such/file'], 2, 'packets cannot be written to /no/such/file: ENOENT', 'another'],
  ['the packets of no lab', ['--net', 'user,lab-pcap=/tmp/a'], 2, 'lab-pcap=/tmp/a is for --net lab:NAME', 'pcap=FILE'],
  [
    'the same address twice',
    ['--net', 'user,mac=52:54:00:00:00:01', '--net', 'user,mac=52:54:00:00:00:01'],
    2,
    'two cards have the address 52:54:00:00:00:01',
    'its own',
  ],
  ['more cards than a guest takes', Array.from({ length: 9 }, () => ['--net', 'user']).flat(), 2, '9 cards', 'at most 8'],
  [
    'another architecture than the kernel’s',
    ['--arch', 'arm64', '--kernel', join(here.path, 'artifacts/bzImage')],
    2,
    'is a kernel for x86_64, and --arch says arm64',
    '--arch',
  ],
  ['an architecture without a kernel', ['--arch', 'riscv64'], 2, 'there is no kernel for riscv64 yet', '--arch riscv64'],
  ['a misspelt architecture', ['--arch', 'arm46'], 2, "'arm46' is invalid", 'did you mean arm64?'],
  ['a profile of another architecture', ['--kernel', join(here.path, 'Image'), '--profile-boot'], 2, 'for arm64', 'dmesg'],
  ['a QEMU that is none', ['--qemu', '/bin/true'], 3, '/bin/true is no QEMU that works', '--qemu'],
  ['a QEMU that is not there', ['--qemu', '/no/qemu'], 3, '/no/qemu is not installed', ''],
  ['KVM for another architecture', ['--kernel', join(here.path, 'Image'), '--accel', 'kvm'], 3, '', ''],
])('boot refuses %s before QEMU starts, in under a second', async (_what, options, status, message, remedy) => {
  const accel = options.includes('--accel') ? [] : ['--accel', 'tcg'];
  const [said, tookMs] = await timed(() =>
    eulab(['-C', here.path, 'boot', '--no-check', ...accel, ...options, '--', 'true'], { env }),
  );
  expect([said.status, said.stdout.toString(), said.stderr]).toEqual([status, '', expect.stringContaining(message)]);
  expect(said.stderr).toContain(remedy);
  expect(said.stderr).not.toContain('    at ');
  expect(tookMs).toBeLessThan(await scaled(1000));
});

test('a lab whose socket would have too long a path is refused', async () => {
  const runtime = join(here.path, 'x'.repeat(100));
  mkdirSync(runtime);
  const { status, stderr } = await eulab(['-C', here.path, 'boot', '--no-check', '--net', 'lab:a', '--', 'true'], {
    env: { ...env, XDG_RUNTIME_DIR: runtime },
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining('107 are the most')]);
});

test('a host without vsock is told so before QEMU is', () => {
  expect(() => checkVsock('/no/vhost-vsock')).toThrow('--vsock: this host has no /no/vhost-vsock');
});

test('a QEMU that is too old is named with both versions', async () => {
  const qemu = join(here.path, 'qemu');
  writeFileSync(qemu, '#!/bin/sh\necho QEMU emulator version 4.2.1\n');
  chmodSync(qemu, 0o755);
  const { status, stderr } = await eulab(
    ['-C', here.path, 'boot', '--no-check', '--accel', 'tcg', '--qemu', qemu, '--', 'true'],
    { env },
  );
  expect([status, stderr]).toEqual([3, expect.stringContaining('is version 4.2: eulab needs 5.2 or later')]);
});

test('another architecture’s QEMU is named with its package when it is not there', async () => {
  const kernel = ['--kernel', join(here.path, 'Image')];
  const { status, stderr } = await eulab(['-C', here.path, 'boot', '--no-check', ...kernel, '--', 'true'], {
    env: { ...env, PATH: join(here.path, 'a, folder') },
  });
  expect([status, stderr]).toEqual([3, expect.stringContaining('qemu-system-aarch64 is not installed')]);
  expect(stderr).toContain('apt-get install qemu-system-arm');
});

test('an initramfs of another architecture’s programs is refused, and one that is not there', async () => {
  const boot = ['-C', here.path, 'boot', '--kernel', join(here.path, 'Image')];
  const wrong = await eulab([...boot, '--initrd', join(here.path, 'artifacts/initramfs.cpio.gz'), '--', 'true'], { env });
  expect([wrong.status, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('has an /init that is a program for x86-64, and the guest is arm64'),
  ]);
  expect(wrong.stderr).toContain('eulab build ramdisk --arch arm64');
  const missing = await eulab([...boot, '--', 'true'], { env });
  expect([missing.status, missing.stderr]).toEqual([
    2,
    expect.stringContaining('artifacts/arm64/initramfs.cpio.gz does not exist'),
  ]);
  expect(missing.stderr).toContain('make it: eulab build ramdisk --arch arm64');
});

test('--explain prints each choice with its gain, and with --dry-run the call too; nothing is booted', async () => {
  const boot = ['-C', here.path, 'boot', '--no-check', '--accel', 'tcg', '--explain'];
  const explained = await eulab([...boot, '--', 'true'], { env });
  expect([explained.status, explained.stderr]).toEqual([0, '']);
  const table = explained.stdout.toString();
  for (const what of ['machine', 'firmware', 'kernel', 'cpu', 'messages']) expect(table).toMatch(new RegExp(`^${what} `, 'm'));
  expect(table).toMatch(/^machine +q35 +0\.\d\d \/ pc /m);
  expect(table).toContain('Measured by bench/recipe.mjs');
  const both = await eulab([...boot, '--dry-run', '--', 'true'], { env });
  expect(both.stdout.toString().startsWith(table)).toBe(true);
  expect(both.stdout.toString()).toContain('\nqemu-system-x86_64 -machine q35');
});

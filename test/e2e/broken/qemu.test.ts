import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'vitest';
import { folder } from '../../eulab.ts';
import { artifacts } from '../artifacts.ts';
import { type Broken, everyBroken, expectBroken, stand } from './boot.ts';

artifacts();

const table: readonly Broken[] = [
  { name: 'qemu-memory-unavailable', status: 125, qemu: '-m 4096G' },
  { name: 'qemu-device-unknown', status: 125, qemu: '-device virtio-teapot', says: 'virtio-teapot' },
  { name: 'qemu-machine-unknown', status: 125, qemu: '-machine pdp11' },
  { name: 'qemu-cpu-unknown', status: 125, qemu: '-cpu z80', says: 'z80' },
  { name: 'qemu-too-many-cpus', status: 125, qemu: '-smp 300', says: '288' },
  { name: 'qemu-firmware-missing', status: 125, qemu: '-bios /no/such/firmware', says: '/no/such/firmware' },
  { name: 'qemu-file-missing', status: 125, qemu: '-drive file=/no/such/disk,if=virtio', says: '/no/such/disk' },
  { name: 'qemu-option-refused', status: 125, qemu: '-no-such-option', says: 'no-such-option' },
  { name: 'qemu-option-refused', what: 'a property', status: 125, qemu: '-device virtio-rng-pci,sides=7', says: 'sides' },
  { name: 'qemu-kernel-refused', status: 125, qemu: '-kernel /etc/passwd' },
  {
    name: 'kernel-without-pvh',
    status: 125,
    kernel: (here) => {
      copyFileSync('/bin/true', join(here, 'vmlinux'));
      return join(here, 'vmlinux');
    },
  },
  {
    name: 'initramfs-too-large',
    status: 125,
    options: ['--memory', '64M'],
    initrd: (here) => {
      copyFileSync('artifacts/initramfs.cpio.gz', join(here, 'initramfs'));
      truncateSync(join(here, 'initramfs'), 80 * 2 ** 20);
      return join(here, 'initramfs');
    },
  },
  { name: 'qemu-bridge-refused', status: 125, qemu: '-netdev bridge,id=lan,br=no-such-bridge' },
];

everyBroken(table);

test('qemu-port-taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    await expectBroken({
      name: 'qemu-port-taken',
      status: 125,
      qemu: `-netdev user,id=lan,hostfwd=tcp:127.0.0.1:${port}-:22 -device virtio-net-pci,netdev=lan`,
      says: String(port),
    });
  } finally {
    server.close();
  }
});

test('qemu-file-locked', async () => {
  using here = folder();
  const disk = join(here.path, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 2 ** 20);
  const drive = `-drive if=none,id=disk,format=raw,file=${disk} -device virtio-blk-pci,drive=disk`;
  // Another machine that has the disk, and greets on its monitor when it does.
  const machine = '-accel tcg -machine q35 -m 32 -nodefaults -no-user-config -display none -S -qmp stdio';
  const holder = spawn('qemu-system-x86_64', [...machine.split(' '), ...drive.split(' ')], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await once(holder.stdout, 'data');
    await expectBroken({ name: 'qemu-file-locked', status: 125, qemu: drive, says: 'lock' });
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'close');
  }
});

test.each([
  ['SIGKILL', 'qemu-killed'],
  ['SIGSEGV', 'qemu-crashed'],
  ['SIGTERM', 'qemu-ended-by-signal'],
] as const)('%s for QEMU: %s', async (signal, name) => {
  using here = folder();
  // The real one, ended while its guest runs; then what stands in its place ends by that signal.
  const script = `qemu-system-x86_64 "$@" <&0 &\nqemu=$!\nsleep 1\nkill -KILL $qemu\nwait $qemu\nkill -${signal.slice(3)} $$`;
  await expectBroken({ name, status: 125, options: ['--qemu', stand(here.path, script)] });
});

test('qemu-failed', async () => {
  using here = folder();
  await expectBroken({ name: 'qemu-failed', status: 125, options: ['--qemu', stand(here.path, 'exit 3')] });
});

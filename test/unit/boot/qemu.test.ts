import { expect, test } from 'vitest';
import { type Machine, qemu } from '../../../src/boot/qemu.ts';
import { show } from '../../../src/command.ts';

const machine: Machine = {
  qemu: 'qemu-system-x86_64',
  accel: 'tcg',
  firmware: '/usr/share/qemu/qboot.rom',
  memoryBytes: 512 * 2 ** 20,
  cpus: 1,
  kernel: 'artifacts/bzImage',
  initrd: 'artifacts/initramfs.cpio.gz',
  cmdline: ['console=ttyS0', 'panic=-1'],
  net: 'user',
  console: { kind: 'terminal', log: '/tmp/boot.log' },
};

/** The arguments of a machine that differs, as a list of options with their values: each in one string. */
function options(changes: Partial<Machine>): string[] {
  return show(qemu({ ...machine, ...changes })).split(/ (?=-)/);
}

test('a shell on the terminal', () => {
  expect(options({})).toMatchInlineSnapshot(`
    [
      "qemu-system-x86_64",
      "-machine q35",
      "-accel tcg",
      "-cpu max",
      "-smp 1",
      "-m 512",
      "-nodefaults",
      "-no-user-config",
      "-no-reboot",
      "-display none",
      "-bios /usr/share/qemu/qboot.rom",
      "-kernel artifacts/bzImage",
      "-initrd artifacts/initramfs.cpio.gz",
      "-append 'console=ttyS0 panic=-1'",
      "-chardev stdio,id=console,mux=on,signal=off,logfile=/tmp/boot.log",
      "-serial chardev:console",
      "-mon chardev=console,mode=readline",
      "-netdev user,id=net0",
      "-device virtio-net-pci,netdev=net0,romfile=",
      "-device virtio-rng-pci",
    ]
  `);
});

test('a command: each port is a descriptor', () => {
  const ports = [
    { name: 'eulab.control', descriptor: 3 },
    { name: 'eulab.stdin', descriptor: 4 },
  ];
  expect(options({ console: { kind: 'command', ports } }).slice(-9)).toMatchInlineSnapshot(`
    [
      "-serial chardev:console",
      "-netdev user,id=net0",
      "-device virtio-net-pci,netdev=net0,romfile=",
      "-device virtio-rng-pci",
      "-device virtio-serial-pci",
      "-chardev socket,id=eulab.control,fd=3",
      "-device virtserialport,chardev=eulab.control,name=eulab.control",
      "-chardev socket,id=eulab.stdin,fd=4",
      "-device virtserialport,chardev=eulab.stdin,name=eulab.stdin",
    ]
  `);
});

test.each<[string, Partial<Machine>, string]>([
  ['KVM takes the host’s CPU', { accel: 'kvm' }, '-cpu host'],
  ['memory is rounded down to MiB', { memoryBytes: 2 ** 30 + 2 ** 20 - 1 }, '-m 1024'],
  ['a path with spaces and quotes is one word', { kernel: "it's a kernel" }, `-kernel 'it'\\''s a kernel'`],
  [
    'a comma in an option is doubled',
    { console: { kind: 'terminal', log: 'a,b' } },
    '-chardev stdio,id=console,mux=on,signal=off,logfile=a,,b',
  ],
])('%s', (_what, changes, option) => {
  expect(options(changes)).toContain(option);
});

test.each<[string, Partial<Machine>, string]>([
  ['without a firmware', { firmware: undefined }, '-bios'],
  ['without a network', { net: 'none' }, '-netdev'],
])('%s there is no %s', (_what, changes, option) => {
  expect(options(changes).some((word) => word.startsWith(option))).toBe(false);
  expect(options({}).some((word) => word.startsWith(option))).toBe(true);
});

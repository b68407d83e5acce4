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
  image: 'artifacts/bzImage',
  initrd: 'artifacts/initramfs.cpio.gz',
  cmdline: ['console=ttyS0', 'panic=-1'],
  net: 'user',
  drives: [],
  console: 'terminal',
  folder: '/run/user/1000/eulab/vm1',
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
      "-chardev stdio,id=console,mux=on,signal=off",
      "-serial chardev:console",
      "-mon chardev=console,mode=readline",
      "-netdev user,id=net0",
      "-device virtio-net-pci,netdev=net0,romfile=",
      "-device virtio-rng-pci",
      "-chardev socket,id=eulab.agent,path=/run/user/1000/eulab/vm1/agent,server=on,wait=off",
      "-chardev socket,id=eulab.serial,path=/run/user/1000/eulab/vm1/serial,server=on,wait=off",
      "-chardev socket,id=eulab.qmp,path=/run/user/1000/eulab/vm1/qmp,server=on,wait=off",
      "-device virtio-serial-pci",
      "-device virtserialport,chardev=eulab.agent,name=eulab.agent",
      "-serial chardev:eulab.serial",
      "-mon chardev=eulab.qmp,mode=control",
    ]
  `);
});

test('a command’s machine has no keys of its own on the console', () => {
  const words = options({ console: 'log' });
  expect(words).toContain('-chardev stdio,id=console,signal=off');
  expect(words.some((word) => word.startsWith('-mon chardev=console'))).toBe(false);
});

test.each<[string, Partial<Machine>, string]>([
  ['KVM takes the host’s CPU', { accel: 'kvm' }, '-cpu host'],
  ['memory is rounded down to MiB', { memoryBytes: 2 ** 30 + 2 ** 20 - 1 }, '-m 1024'],
  ['a path with spaces and quotes is one word', { kernel: "it's a kernel" }, `-kernel 'it'\\''s a kernel'`],
  [
    'a comma in an option is doubled',
    { folder: '/run/a,b' },
    '-chardev socket,id=eulab.qmp,path=/run/a,,b/qmp,server=on,wait=off',
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

test('what QEMU is to tell of goes to a file, with the time of each', () => {
  const trace = { events: ['vm_state_notify', 'fw_cfg_select'], file: '/tmp/a, b.trace' };
  expect(options({ trace }).slice(-4)).toEqual([
    '-msg timestamp=on',
    "-D '/tmp/a, b.trace'",
    "-trace 'enable=vm_state_notify*'",
    "-trace 'enable=fw_cfg_select*'",
  ]);
});

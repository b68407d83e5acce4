import { expect, test } from 'vitest';
import { usualNic } from '../../../../src/boot/machine/nic.ts';
import { type Machine, qemu } from '../../../../src/boot/machine/qemu.ts';
import { show } from '../../../../src/command.ts';

const machine: Machine = {
  qemu: 'qemu-system-x86_64',
  accel: 'tcg',
  machine: 'q35,i8042=off',
  bus: 'pci',
  cpu: 'max',
  firmware: '/usr/share/qemu/qboot.rom',
  memoryBytes: 512 * 2 ** 20,
  cpus: { count: 1 },
  kernel: 'artifacts/bzImage',
  image: 'artifacts/bzImage',
  initrd: 'artifacts/initramfs.cpio.gz',
  cmdline: ['console=ttyS0', 'panic=-1'],
  net: [usualNic],
  drives: [],
  nodes: [],
  shares: [],
  rng: true,
  vsockCid: undefined,
  rtc: undefined,
  extra: [],
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
      "-machine q35,i8042=off",
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
  ['the CPU as it was chosen', { cpu: 'EPYC,-avx' }, '-cpu EPYC,-avx'],
  ['CPUs in sockets', { cpus: { count: 4, sockets: 2, cores: 2, threads: 1 } }, '-smp 4,sockets=2,cores=2,threads=1'],
  ['a clock of its own', { rtc: '2038-01-19' }, '-rtc base=2038-01-19'],
  ['vsock', { vsockCid: 7 }, '-device vhost-vsock-pci,guest-cid=7'],
  ['a machine without PCI', { bus: 'mmio' }, '-device virtio-net-device,netdev=net0'],
  ['virtio 1 where there is no PCI', { bus: 'mmio' }, '-global virtio-mmio.force-legacy=false'],
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
  ['without a network', { net: [] }, '-netdev'],
  ['without random numbers', { rng: false }, '-device virtio-rng'],
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

test('the user’s own arguments stand at the end, as they are', () => {
  const { args } = qemu({ ...machine, extra: ['-name', 'a b,c=\n'] });
  expect(args.slice(-2)).toEqual(['-name', 'a b,c=\n']);
});

test('a share is a file system and a device', () => {
  const shares = [{ host: '/a b', guest: '/m', writable: false }];
  expect(options({ shares })).toContain("-fsdev 'local,id=share0,path=/a b,security_model=none,multidevs=remap,readonly=on'");
  expect(options({ shares, bus: 'mmio' })).toContain('-device virtio-9p-device,fsdev=share0,mount_tag=share0');
});

test('NUMA nodes have memory of their own', () => {
  const nodes = [{ cpus: ['0-1'], memoryBytes: 512 * 2 ** 20 }];
  expect(options({ nodes })).toContain('-numa node,nodeid=0,cpus=0-1,memdev=node0');
});

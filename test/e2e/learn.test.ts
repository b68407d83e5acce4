import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labs } from '../../src/learn/labs.ts';
import { expectDocument } from '../documents.ts';
import { folder, scaled } from '../eulab.ts';
import { has } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { type Answer, learner, played, without } from './learn.ts';

artifacts();

const script = (...lines: readonly string[]) => `#!/bin/sh\n${lines.join('\n')}\n`;
const predict = (text: string) => ({ predict: text });

const base = ['mkdir -p /proc /sys', 'mount -t proc proc /proc', 'mount -t sysfs sysfs /sys'];
const dev = 'mount -t devtmpfs devtmpfs /dev';
const folders = 'mkdir -p /dev/pts /dev/shm';
const below = ['mount -t devpts devpts /dev/pts', 'mount -t tmpfs tmpfs /dev/shm', 'exec eulab-agent'];

const greet = (init: string, more = '') => `#include <linux/module.h>
${more}
static int __init greet_init(void)
{
	${init}
}

static void __exit greet_exit(void)
{
	pr_info("greet: goodbye\\n");
}

module_init(greet_init);
module_exit(greet_exit);
MODULE_LICENSE("GPL");
`;

const lease = (address: string) =>
  script(
    ...['case $1 in', 'deconfig) ip address flush dev "$interface" ;;', 'bound | renew)'],
    `ip address replace ${address} dev "$interface"`,
    'ip route replace default via "$router" dev "$interface"',
    ...['echo "nameserver $dns" >/etc/resolv.conf ;;', 'esac'],
  );

const taps = `for tap in tap0 tap1 tap2; do
ip tuntap add dev $tap mode tap
ip link set dev $tap up
done
ip address add 10.6.1.1/24 dev tap0
ip link add name br0 type bridge
ip link set dev br0 up
ip link set dev tap1 master br0
`;

/** What learners answer, in this order: what they were given, what many try, and at last what is right. */
const answers: Readonly<Record<string, readonly Answer[]>> = {
  pid1: [
    {
      what: 'as it was given, and a wrong prediction',
      files: predict('exitcode: 3'),
      says: ['you wrote 3; the machine: 00000300', 'with status 3; the first process must not (init-exited)', 'before that'],
    },
    { what: 'one that goes on', files: { init: script('echo "my pid is $$"', 'exec sleep 60') }, says: ['init is still there'] },
    { what: 'a restart', files: { init: script('echo "my pid is $$"', 'reboot -f') }, says: ['that was a restart'] },
    {
      what: 'power-off',
      files: { ...predict('exitcode: 0x00000300'), init: script('echo "my pid is $$"', 'poweroff -f') },
    },
  ],
  console: [
    {
      what: 'as it was given, and a wrong prediction',
      files: predict('ran: no'),
      says: ['you wrote no; the machine: yes', 'unable to open an initial console', 'init has to open it'],
    },
    {
      what: 'a console that comes, and is not opened',
      files: { init: script(dev, 'echo "pid 1 speaks"', 'poweroff -f') },
      says: ['a console that comes to /dev later is not theirs'],
    },
    {
      what: "the kernel's log",
      files: { init: script(dev, 'echo "pid 1 speaks" >/dev/kmsg', 'poweroff -f') },
      says: ["that came through the kernel's log"],
    },
    {
      what: 'the console opened',
      files: {
        ...predict('ran: yes'),
        init: script(dev, 'exec </dev/console >/dev/console 2>&1', 'echo "pid 1 speaks"', 'poweroff -f'),
      },
    },
  ],
  mounts: [
    {
      what: 'as it was given, and wrong predictions',
      files: predict('listed: no\nseen: yes'),
      says: [
        'you wrote no; the machine: yes',
        'you wrote yes; the machine: no',
        '/dev/pts is mounted, below a devtmpfs that lies on /dev',
      ],
    },
    {
      what: 'folders that are covered',
      files: { init: script(...base, folders, dev, ...below) },
      says: ['No such file or directory', 'the folder /dev/pts has to be there, in the file system that lies on /dev'],
    },
    {
      what: 'no /proc',
      files: { init: script(dev, folders, ...below) },
      says: ['eulab-agent finds the host through /proc/cmdline'],
    },
    {
      what: 'from the root to the leaves',
      files: { ...predict('listed: yes\nseen: no'), init: script(...base, dev, folders, ...below) },
    },
  ],
  module: [
    {
      what: 'nothing built',
      work: async () => without('artifacts/extra/greet.ko'),
      says: ['there is no artifacts/extra/greet.ko yet: eulab build kernel -- M='],
    },
    {
      what: 'as it was given',
      work: build,
      files: predict('loaded: yes'),
      says: ["can't insert '/greet.ko': No such device", 'its init function ran, and returned an error'],
    },
    {
      what: 'changed, and not built',
      files: {
        'greet.c': greet(
          'pr_info("greet: hello, %s\\n", whom);\n\treturn 0;',
          'static char *whom = "nobody";\nmodule_param(whom, charp, 0444);',
        ),
      },
      says: ['greet.c was changed after that', 'build it again'],
    },
    { what: 'built again', work: build },
  ],
  dhcp: [
    {
      what: 'as it was given, and a wrong prediction',
      files: predict('address: yes'),
      says: ['you wrote yes; the machine: no', 'nobody gave eth0 the address', 'no route leads to it'],
    },
    {
      what: 'an address without its prefix',
      files: { script: lease('"$ip"') },
      says: ['without its prefix an address is alone on its network'],
    },
    {
      what: 'what was on the screen',
      files: { script: lease('10.0.2.15/24'), ...predict('address: no') },
      says: [/ok {4}eth0 has 10\.0\.2\.15\/24/, 'take what is in the environment'],
    },
    { what: 'what is in the environment', files: { script: lease('"$ip/$mask"') } },
  ],
  cables: [
    {
      what: 'as it was given, and wrong predictions',
      files: predict('user: host\ntap: host\nheard: no'),
      says: ['you wrote host; the machine: qemu', 'tap0 is the host’s card there', 'tap1 is no port of a bridge br0'],
    },
    {
      what: 'a bridge that is down',
      files: { host: `${taps}ip address add 10.6.2.1/24 dev br0\nip link set dev br0 down\n` },
      says: [/no {4}the machine gets its cards/, 'the bridge br0 is down'],
    },
    {
      what: 'one port, and no address',
      files: { host: taps },
      says: [/ok {4}eth1 gets an answer for 10\.6\.1\.1/, 'tap1 is a port of br0', 'tap2 is no port of br0'],
    },
    {
      what: 'a line that fails',
      files: { host: `${taps}ip link set dev tap9 master br0\n` },
      says: ['tap9', 'each of its lines has to succeed'],
    },
    {
      what: 'two ports, and the address on the bridge',
      files: {
        ...predict('user: qemu\ntap: host\nheard: yes'),
        host: `${taps}ip address add 10.6.2.1/24 dev br0\nip link set dev tap2 master br0\n`,
      },
    },
  ],
  cpio: [
    {
      what: 'nothing packed, and a wrong prediction',
      files: predict('note: yes'),
      says: ['you wrote yes; the machine: no', 'my.cpio is not there'],
    },
    {
      what: 'the old form',
      work: async ({ shell }) => shell('cd root && find . | cpio -o >../my.cpio'),
      says: ['Initramfs unpacking failed', 'this is not the form that the kernel knows'],
    },
    {
      what: 'names of the folder above',
      work: async ({ shell }) => shell('find root | cpio -o -H newc >my.cpio'),
      says: ['there is no init at the top of the archive'],
    },
    {
      what: 'no interpreter',
      work: async ({ shell }) => shell('cd root && find . | cpio -o -H newc >../my.cpio'),
      says: ['names its interpreter'],
    },
    {
      what: 'all of it',
      files: predict('note: no'),
      work: async ({ call, shell }) => {
        const image = 'artifacts/initramfs.cpio.gz';
        const { status, stderr } = await call('ramdisk', 'extract', '--force', image, 'learn/cpio/root', 'bin/busybox');
        expect(status, stderr).toBe(0);
        shell('cd root && find . | cpio -o -H newc >../my.cpio');
      },
    },
  ],
  cmdline: [
    {
      what: 'as it was given, and a wrong prediction',
      files: predict('fruit: environment'),
      says: ['you wrote environment; the machine: nowhere', 'it has no arguments', '/proc/sys/kernel/printk: 7'],
    },
    {
      what: 'an argument that is a variable',
      files: { cmdline: 'colour=green pear=ripe loglevel=4\n' },
      says: ['letters count', 'it is a variable of process 1', /ok {4}the console shows errors/],
    },
    {
      what: 'all behind --',
      files: { cmdline: '-- COLOUR=green loglevel=4 pear=ripe\n' },
      says: ['it is among the arguments', 'loglevel= stands behind --'],
    },
    { what: 'each in its place', files: { ...predict('fruit: nowhere'), cmdline: 'COLOUR=green loglevel=4 -- pear=ripe\n' } },
  ],
  initcall: [
    {
      what: 'as it was given, and a wrong prediction',
      files: predict('first: virtio_blk_init'),
      says: ['the machine: populate_rootfs', 'a name that no initcall has', 'eth0 is there'],
    },
    {
      what: 'too much',
      files: { cmdline: 'initcall_blacklist=virtio_pci_driver_init,virtio_net_driver_init\n' },
      says: [/ok {4}the guest has no network card/, 'without their driver now: virtio_console, virtio_rng'],
    },
    {
      what: 'the driver alone',
      files: { ...predict('first: populate_rootfs'), cmdline: 'initcall_blacklist=virtio_net_driver_init\n' },
    },
  ],
  gdb: [
    { what: 'as it was given', says: ['not yet: write what you expect', 'the machine never stood there', 'Linux version'] },
    {
      what: 'a stop, and a wrong prediction',
      files: { ...predict('interrupts: yes'), 'session.gdb': 'hbreak start_kernel\ncontinue\n' },
      says: ['you wrote yes; the machine: no', /ok {4}gdb stops at start_kernel/, 'linux_banner'],
    },
    {
      what: 'a change, and on',
      files: {
        ...predict('interrupts: no'),
        'session.gdb': "hbreak start_kernel\ncontinue\nset {char} &linux_banner = 'M'\ndetach\n",
      },
    },
  ],
};

/** By this machine's own tools: a container would take as long again. */
async function build({ call }: Awaited<ReturnType<typeof learner>>): Promise<void> {
  const { status, stderr } = await call('build', 'kernel', '--engine', 'host', '--', 'M=learn/module');
  expect(status, stderr).toBe(0);
}

const needs: Readonly<Record<string, readonly string[]>> = {
  cables: ['unshare', 'ip', '/dev/net/tun'],
  cpio: ['cpio'],
  gdb: ['gdb'],
};

test('every lab is played', () => {
  expect(Object.keys(answers)).toEqual(labs.map(({ name }) => name));
});

// Half of a check is waiting: for a process of ours to start, for a machine that does not come.
for (const [name, list] of Object.entries(answers)) {
  test.concurrent(`${name}: ${list.map(({ what }) => what).join('; ')}`, async ({ skip }) => {
    const absent = (needs[name] ?? []).filter((need) => !has(need));
    if (absent.length > 0 && process.env['CI'] !== 'true') skip(`needs ${absent.join(', ')}`);
    await played(name, list, scaled);
  });
}

test.concurrent('without namespaces the cables are QEMU’s and eulab’s own, and what that leaves out is said', async () => {
  using tools = folder();
  mkdirSync(join(tools.path, 'bin'));
  writeFileSync(join(tools.path, 'bin/unshare'), script('echo unshare: not here >&2', 'exit 1'), { mode: 0o755 });
  using one = await learner('cables', { PATH: `${join(tools.path, 'bin')}:${process.env['PATH']}` });
  writeFileSync(join(one.lab, 'predict'), 'user: qemu\ntap: host\nheard: yes\n');
  const { status, stdout, stderr } = await one.call('learn', 'check', '--json');
  expect([status, stderr.includes('lab:learn-')], stderr).toEqual([0, true]);
  const document = JSON.parse(stdout.toString());
  expectDocument('lesson', document);
  const { lab, done, goals } = document;
  expect([lab, done]).toEqual(['cables', true]);
  expect(goals).toContainEqual({
    goal: 'the tap and the bridge of the host',
    state: 'skipped',
    seen: [],
    why: [expect.stringContaining('user namespaces are not to be had: unshare: not here'), expect.any(String)],
  });
  expect(goals).toContainEqual({
    goal: 'a card on a switch hears what another one asks',
    state: 'met',
    seen: [expect.stringContaining('asks: who has 10.6.2.1?')],
    why: [],
  });
  expect(readFileSync(join(one.lab, 'eth3.pcap')).length).toBeGreaterThan(24);
  const { stderr: begun } = await one.call('learn', 'start', 'cables');
  expect(begun).toContain('this lab needs more than there is: user namespaces are not to be had');
});

test.concurrent('without gdb its lab says so at once, with what mends it', async () => {
  using one = await learner('gdb', { PATH: '/nowhere' });
  const { status, stdout, stderr } = await one.call('learn', 'check');
  expect([status, stdout.toString()]).toEqual([3, '']);
  expect(stderr).toMatch(
    /^eulab: gdb is not installed\n {2}hint: apt-get install gdb; without that: the rest of the lab is reading/,
  );
  expect(stderr).toContain('more: eulab doctor gdb');
});

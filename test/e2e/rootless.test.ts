import { expect } from 'vitest';
import { barrenQemu, program, scaled } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { helper, rootlessHost } from './rootless-host.ts';

artifacts();

const needs = ['root', 'ip', 'unshare', 'setpriv', 'setcap', helper, '/dev/net/tun'];
const test = requires(...needs);

/** All is well: every part is broken alone below. */
const right = `
ip link add name vmbr0 type bridge
ip link set dev vmbr0 up
ip tuntap add dev tap-nobody mode tap user nobody
ip link set dev tap-nobody master vmbr0 up
setcap cap_net_admin+ep ${helper}
mkdir /etc/qemu
echo 'allow vmbr0' >/etc/qemu/bridge.conf
`;

const conf = '/etc/qemu/bridge.conf';

const noNewPrivileges = ['--no-new-privs'];

interface Otherwise {
  readonly net?: string;
  readonly become?: readonly string[];
  /** What is broken as long as the call lasts: a mount. */
  readonly within?: string;
}

/** What is broken, what is said of it, and what to do. Each boot is `--net bridge` unless it says otherwise. */
const broken: readonly (readonly [string, string, string, Otherwise?])[] = [
  ['ip link del vmbr0', 'there is no bridge vmbr0', 'sudo eulab net up --bridge vmbr0'],
  ['ip link del vmbr0; ip link add name vmbr0 type veth', 'vmbr0 is no bridge', 'name another'],
  ['ip link set dev vmbr0 down', 'the bridge vmbr0 is down', 'sudo ip link set dev vmbr0 up'],
  ['', 'no bridge helper /nowhere', 'leave it out', { net: 'bridge --bridge-helper /nowhere' }],
  [`setcap -r ${helper}`, `${helper} has no right to make a tap device`, `sudo setcap cap_net_admin+ep ${helper}`],
  [`chmod 4750 ${helper}; chgrp kvm ${helper}`, `you may not run ${helper}: it is for the group kvm`, 'sudo usermod -aG kvm'],
  [`chmod 644 ${helper}`, `${helper} is not executable`, `sudo chmod a+x ${helper}`],
  ['', 'this process may gain no rights (no_new_privs)', '--net tap', { become: noNewPrivileges }],
  [`rm ${conf}`, `there is no ${conf}`, `echo 'allow vmbr0' | sudo tee -a ${conf}`],
  [`chmod 600 ${conf}`, `you may not read ${conf}`, `sudo chmod 644 ${conf}`],
  [`echo 'alow vmbr0' >>${conf}`, `${conf}, line 2: the bridge helper does not understand "alow vmbr0"`, `sudoedit ${conf}`],
  [`echo 'allow other' >${conf}`, `${conf} does not allow the bridge vmbr0`, `echo 'allow vmbr0' | sudo tee -a ${conf}`],
  [`echo 'deny vmbr0' >>${conf}`, `${conf} says "deny vmbr0"`, `sudo sed -i`],
  [`echo 'include /etc/qemu/u' >${conf}`, `includes /etc/qemu/u, which is not there`, "echo 'allow vmbr0'"],
  [
    `echo 'include /etc/qemu/u' >${conf}; install -m 600 ${conf} /etc/qemu/u`,
    'includes /etc/qemu/u, which you may not read',
    'sudo chgrp "$(id -g)" /etc/qemu/u',
  ],
  ['chmod 600 /dev/net/tun', 'you may not open /dev/net/tun', 'sudo chmod 666 /dev/net/tun'],
  ['chmod 600 /dev/net/tun', 'you may not open /dev/net/tun', 'sudo chmod 666 /dev/net/tun', { net: 'tap' }],
  // Rights that are there and have no effect: only the helper itself can tell.
  ['', 'the bridge helper fails on vmbr0', 'mounted nosuid', { within: `mount -o remount,bind,nosuid ${helper}` }],
  ['ip link del tap-nobody', 'there is no tap device tap-nobody', 'sudo eulab net up --tap-user nobody', { net: 'tap' }],
  ['', 'vmbr0 is no tap device', 'sudo eulab net up', { net: 'tap:vmbr0' }],
  ['ip link set dev tap-nobody down', 'the tap device tap-nobody is down', 'sudo ip link set dev tap-nobody up', { net: 'tap' }],
  ['ip tuntap add dev t0 mode tap user daemon; ip link set t0 up', 't0 belongs to the user 1', 'of your own', { net: 'tap:t0' }],
  ['ip tuntap add dev t0 mode tap user nobody multi_queue; ip link set t0 up', 'several queues', 'anew', { net: 'tap:t0' }],
];

for (const [line, message, hint, { net = 'bridge', become = [], within = '' } = {}] of broken) {
  test(`refused before QEMU starts, and how to mend it is said: ${line || within || `${net} ${become}`}`, async () => {
    using host = rootlessHost();
    const args = ['boot', '--no-check', '--accel', 'tcg', '--qemu', barrenQemu(host.path), '--net', ...net.split(' ')];
    host.root(`${right}${line}`);
    const limitMs = await scaled(1000);
    const beganMs = performance.now();
    const { status, stderr } = await program('ip', host.argv(within, [...args, '--', 'true'], become), { env: host.env });
    expect([status, stderr]).toEqual([3, expect.stringContaining(message)]);
    expect(stderr.split('hint: ')[1]).toContain(hint);
    expect(performance.now() - beganMs).toBeLessThan(limitMs);
  });
}

test('with nothing broken QEMU is started, and the device of the trial is gone', async () => {
  using host = rootlessHost();
  host.root(right);
  for (const net of ['bridge', 'bridge:vmbr0', 'tap', 'tap:tap-nobody']) {
    const args = ['boot', '--no-check', '--accel', 'tcg', '--qemu', barrenQemu(host.path), '--net', net, '--', 'true'];
    const { status, stderr } = await program('ip', host.argv('', args), { env: host.env });
    expect([net, status, stderr]).toEqual([net, 125, expect.stringContaining('QEMU failed')]);
    expect(host.root('ls /sys/class/net')).toBe('lo\ntap-nobody\nvmbr0\n');
  }
});

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { ended, leftWith, program, startedProgram } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { helper, type RootlessHost, rootlessHost } from './rootless-host.ts';

artifacts();

const needs = ['root', 'ip', 'unshare', 'setpriv', 'setcap', 'iptables', 'nft', 'dnsmasq', helper, '/dev/net/tun'];
const test = requires(...needs);

/** A network card with a router behind it, and a firewall as Docker leaves it, which sees what goes from port to port too. */
function outside({ namespace }: RootlessHost): Disposable {
  const router = `${namespace}-router`;
  const lines = [
    `netns add ${router}`,
    `link add name enp4s0 netns ${namespace} type veth peer name wan netns ${router}`,
    ...['lo', 'wan'].map((name) => `-n ${router} link set dev ${name} up`),
    `-n ${router} addr add 192.168.0.1/24 dev wan`,
    ...['lo', 'enp4s0'].map((name) => `-n ${namespace} link set dev ${name} up`),
    `-n ${namespace} addr add 192.168.0.20/24 dev enp4s0`,
    `-n ${namespace} route add default via 192.168.0.1`,
    `netns exec ${namespace} sysctl -qw net.ipv4.ip_forward=0`,
    `netns exec ${namespace} iptables -P FORWARD DROP`,
  ];
  for (const line of lines) execFileSync('ip', line.split(' '), { stdio: 'pipe' });
  return { [Symbol.dispose]: () => void execFileSync('ip', ['netns', 'delete', router]) };
}

/** All of the host that `net up` changes, as text; what a chain has counted is left out. */
const everything = `
iptables-save | sed 's/\\[[0-9:]*\\]//; /^#/d'
nft list ruleset
sysctl net.ipv4.ip_forward
ip -o link | sed 's/^[0-9]*: //'
stat -c '%n %a %u %g' ${helper} /dev/net/tun /etc/qemu /etc/qemu/* 2>&1 || true
getcap ${helper}
cat /etc/qemu/* 2>&1 || true
`;

test('an ordinary user’s machines on the bridge, by DHCP and with fixed addresses: each other, the host, the outside; down leaves nothing', async () => {
  using host = rootlessHost({ boots: true });
  using _ = outside(host);
  const bridged = host.root('sysctl -w net.bridge.bridge-nf-call-iptables=1 2>&1 || true');
  host.root('chmod 600 /dev/net/tun');
  const before = host.root(`${everything}true`);
  const net = (...args: readonly string[]) =>
    host.root(`exec node "$HERE/dist/eulab.mjs" net ${args.join(' ')} --state "$HERE/state" 2>&1`);
  expect(net('up', '--bridge-user', 'nobody', '--tap-user', 'nobody')).toContain('vmbr0 is up\n');
  expect(net('up', '--bridge-user', 'nobody', '--tap-user', 'nobody')).toContain('nothing to do');
  expect(host.root(`getcap ${helper}; stat -c '%a %U %G' /etc/qemu/eulab-vmbr0.conf; cat /etc/qemu/*`)).toBe(
    `${helper} cap_net_admin=ep\n640 root nogroup\ninclude /etc/qemu/eulab-vmbr0.conf\nallow vmbr0\n`,
  );

  const call = (...args: string[]) => program('ip', host.argv('', args), { env: host.env });
  const inside = async (name: string, script: string) => (await call('exec', name, '--', 'sh', '-c', script)).stdout.toString();
  const fixed = (last: number) => [
    '--ip',
    `10.77.0.${last}/24`,
    '--gateway',
    '10.77.0.1',
    '--dns',
    '10.77.0.1',
    '--ip',
    `fd00:77::${last}/64`,
  ];
  const cards = [['bridge'], ['bridge', ...fixed(2)], ['tap', ...fixed(3)]];
  const machines = cards.map(([kind = '', ...options], index) => {
    const args = ['boot', '--accel', 'tcg', '--memory', '96M', '--name', `b${index + 1}`, '--net', kind, ...options];
    const child = startedProgram('ip', host.argv('', [...args, '--', 'sh', '-c', 'echo up; exec sleep 600']), { env: host.env });
    const over = ended(child);
    return { over, up: once(child.stdout ?? child, 'data') };
  });
  await Promise.all(machines.map(({ up, over }) => Promise.race([up, over.then(({ stderr }) => Promise.reject(stderr))])));

  const [leased = ''] = /10\.77\.0\.\d+/.exec(await inside('b1', 'ip -o -4 address show dev eth0')) ?? [];
  expect(leased).toMatch(/\.(12[89]|1[3-9]\d|2\d\d)$/);
  expect(await inside('b1', 'cat /etc/resolv.conf')).toContain('nameserver 10.77.0.1\n');
  const all = ['10.77.0.1', '10.77.0.2', '10.77.0.3', leased, '192.168.0.1'];
  const pings = `for to in ${all.join(' ')}; do ping -c1 -W5 $to; done`;
  for (const name of ['b1', 'b2', 'b3']) {
    expect([name, (await inside(name, pings)).match(/ 1 packets received/g)?.length]).toEqual([name, all.length]);
  }
  expect(await inside('b2', 'ping -c1 -W5 fd00:77::3')).toContain(' 1 packets received');
  // As interfaces(5) has it: down, and up again from the file.
  const again =
    'cat /etc/network/interfaces; ifdown -a && ip -o -4 address; rm /etc/resolv.conf; ifup -a && cat /etc/resolv.conf';
  const files = await Promise.all(['b1', 'b2'].map((name) => inside(name, again)));
  expect(files[0]).toMatch(/\nauto eth0\niface eth0 inet dhcp\n(udhcpc.*\n)*nameserver 10\.77\.0\.1\n$/);
  expect(files[1]).toContain(
    'iface eth0 inet static\n\taddress 10.77.0.2\n\tnetmask 255.255.255.0\n\tbroadcast +\n\tgateway 10.77.0.1\n',
  );
  expect(files[1]).toMatch(/\niface eth0 inet6 static\n\taddress fd00:77::2\n\tnetmask 64\nnameserver 10\.77\.0\.1\n$/);
  for (const name of ['b1', 'b2']) expect((await inside(name, pings)).match(/ 1 packets received/g)).toHaveLength(all.length);
  // What the firewall lets through is a rule of ours, where the kernel shows it what a bridge forwards.
  expect(bridged).toContain('net.bridge.bridge-nf-call-iptables = 1');
  expect(host.root('iptables -S FORWARD')).toContain('--comment "eulab:vmbr0"');
  expect(host.root('ping -c1 -W5 10.77.0.2')).toContain(' 1 received');

  const second = await call('boot', '--accel', 'tcg', '--net', 'tap', '--', 'true');
  expect([second.status, second.stderr]).toEqual([3, expect.stringContaining('tap-nobody is in use by another machine')]);
  for (const name of ['b1', 'b2', 'b3']) await call('stop', name);
  await Promise.all(machines.map(({ over }) => over));
  expect(net('down')).toContain('vmbr0 is down\n');
  expect(host.root(`${everything}true`)).toBe(before);
  expect(await leftWith(host.path)).toEqual([]);
}, 120_000);

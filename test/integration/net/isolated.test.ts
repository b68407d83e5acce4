import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { expectDocument, expectEvents } from '../../documents.ts';
import { eulab, program } from '../../eulab.ts';
import { requires } from '../../requires.ts';
import { host } from './host.ts';

const test = requires('root', 'ip', 'nft', 'dnsmasq', 'ping');
const trapTest = requires('root', 'ip', 'nft', 'iptables', 'ip6tables', 'ping', '/proc/sys/net/bridge');

/** The settings that forwarding changes. */
const forwarding = ['sysctl', 'net.ipv4.ip_forward', 'net.ipv4.conf.all', 'net.ipv4.conf.enp4s0'];

test('an isolated bridge: guests get addresses, names and a way out; a second up changes nothing; down leaves nothing', async () => {
  using it = host();
  it.inside('sysctl', '-qw', 'net.ipv4.conf.all.accept_redirects=0');
  const before = [it.snapshot(), it.inside('nft', 'list', 'ruleset'), it.inside(...forwarding)];
  const first = await it.eulab(['up']);
  expect([first.status, first.stderr]).toEqual([0, expect.stringMatching(/^eulab: making vmbr0\n.*\neulab: vmbr0 is up\n$/)]);
  expect(it.steps()).toBeGreaterThan(5);
  const stands = [it.snapshot(), it.inside('nft', 'list', 'ruleset'), it.inside(...forwarding)];
  const second = await it.eulab(['up']);
  expect([second.status, second.stderr, it.steps()]).toEqual([0, 'eulab: vmbr0 is up already: nothing to do\n', 0]);
  expect([it.snapshot(), it.inside('nft', 'list', 'ruleset'), it.inside(...forwarding)]).toEqual(stands);

  const guest = it.guest('vmbr0');
  const lease = await guest.program('busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-s', '/bin/true');
  expect(lease.stderr + lease.stdout).toMatch(/lease of 10\.77\.0\.(12[89]|1[3-9]\d|2\d\d) obtained from 10\.77\.0\.1/);
  guest.inside('ip', 'addr', 'add', '10.77.0.9/24', 'dev', 'eth0');
  guest.inside('ip', 'route', 'add', 'default', 'via', '10.77.0.1');
  guest.inside('ping', '-c1', '-W2', '10.77.0.1');
  // The router has no way back to that network: only a translated address gets an answer.
  guest.inside('ping', '-c1', '-W2', '192.168.0.1');

  const status = await it.eulab(['status']);
  expect(status.stdout.toString()).toContain(`|-- ${guest.port}  (veth)  up\n  \`-- NAT --> enp4s0\n`);
  const { stderr } = await it.eulab(['down']);
  expect(stderr).toContain(`${guest.port} was a port of vmbr0 and has no network now`);
  it.inside('ip', 'link', 'delete', 'dev', guest.port);
  expect([it.snapshot(), it.inside('nft', 'list', 'ruleset'), it.inside(...forwarding)]).toEqual(before);
  expect(readdirSync(it.state)).toEqual([]);
  expect((await it.eulab(['down'])).stderr).toBe('eulab: nothing stands of vmbr0\n');
});

test('for programs: what would be done, what is done, what stands', async () => {
  using it = host();
  const events = join(it.state, '../net.ndjson');
  const told = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await it.eulab([...args, '--json']);
    expect([args, status], stderr).toEqual([args, 0]);
    return JSON.parse(stdout.toString());
  };
  const plan = await told('up', '--plan');
  expectDocument('plan', plan);
  expect(plan.steps.map(({ file }: { file: string }) => file)).toEqual(expect.arrayContaining(['ip', 'nft', 'dnsmasq']));
  const up = await told('up', '-v', '--events', events);
  expectDocument('network-change', up);
  expect(up).toMatchObject({ verb: 'up', changed: true });
  const lines = expectEvents(readFileSync(events, 'utf8')).filter(({ kind }) => kind === 'line');
  expect(lines.map(({ text }) => text)).toEqual(plan.steps.map(({ shell }: { shell: string }) => shell));
  expect(await told('up')).toMatchObject({ verb: 'up', changed: false });
  const guest = it.guest('vmbr0');
  const network = await told('status');
  expectDocument('network', network);
  expect(network).toMatchObject({ state: 'up', uplink: null, vlan: null, ports: [{ name: guest.port }] });
  expectDocument('plan', await told('down', '--plan'));
  expect(await told('down')).toMatchObject({ verb: 'down', changed: true });
});

test('what is half there is named by status and mended by up, each part by itself', async () => {
  using it = host();
  await it.eulab(['up', '--no-dhcp']);
  const whole = it.inside('ip', '-j', '-4', 'addr');
  const damages: readonly (readonly [readonly string[], string])[] = [
    [['ip', 'link', 'set', 'dev', 'vmbr0', 'down'], 'bridge vmbr0                partial: is down'],
    [['ip', 'link', 'set', 'dev', 'vmbr0', 'alias', 'mine'], 'bridge vmbr0                partial: does not say whose it is'],
    [['ip', 'addr', 'del', '10.77.0.1/24', 'dev', 'vmbr0'], 'address 10.77.0.1/24        absent'],
    [['nft', 'flush', 'table', 'ip', 'eulab_vmbr0'], 'NAT, nft table eulab_vmbr0  partial: has other rules than it should'],
    [['sysctl', '-qw', 'net.ipv4.ip_forward=0'], 'forwarding of IPv4          absent'],
  ];
  for (const [damage, told] of damages) {
    it.inside(...damage);
    const status = (await it.eulab(['status'])).stdout.toString();
    expect(status).toContain(`${told}\n`);
    expect(status).toContain('to mend it: eulab net up');
    expect((await it.eulab(['up', '--no-dhcp'])).status).toBe(0);
    // One call each, no more is done than was undone.
    expect(it.steps()).toBe(1);
    expect(JSON.parse((await it.eulab(['status', '--json'])).stdout.toString()).state).toBe('up');
  }
  expect(it.inside('ip', '-j', '-4', 'addr')).toBe(whole);
  expect((await it.eulab(['down'])).status).toBe(0);
});

test('kill -9 after any step of up and of down: down restores all', async () => {
  using it = host();
  const state = () => [it.snapshot(), it.inside('nft', 'list', 'ruleset'), it.inside(...forwarding)];
  const before = state();
  for (const verb of ['up', 'down'] as const) {
    for (let step = 1; ; step++) {
      if (verb === 'down') await it.eulab(['up']);
      const { status } = await it.eulab([verb], { step, line: 'kill -9 $PPID' });
      if (status === 0) {
        expect(step).toBeGreaterThan(5);
        break;
      }
      expect(status).toBe(137);
      expect((await it.eulab(['down'])).status, `${verb}, step ${step}`).toBe(0);
      expect(state(), `${verb}, step ${step}`).toEqual(before);
      expect(readdirSync(it.state)).toEqual([]);
    }
    await it.eulab(['down']);
  }
}, 180_000);

test('a step that fails is taken back with all before it; so is an up that a signal ends', async () => {
  using it = host();
  const before = it.snapshot();
  for (const line of ['exit 7', 'kill -INT $PPID']) {
    const { status, stderr } = await it.eulab(['up'], { step: 5, line });
    expect([status, stderr]).toEqual(
      line.startsWith('exit')
        ? [1, expect.stringContaining('sysctl failed with status 7')]
        : [130, 'eulab: making vmbr0\neulab: ended by SIGINT\n'],
    );
    expect([it.snapshot(), it.inside('sysctl', '-n', 'net.ipv4.ip_forward')]).toEqual([before, '0\n']);
    expect(readdirSync(it.state)).toEqual([]);
  }
});

test('two bridges share forwarding: the last one to go puts it back', async () => {
  using it = host();
  const second = ['--bridge', 'lab-2', '--address', '10.78.0.1/24'];
  await it.eulab(['up', '--no-dhcp']);
  expect((await it.eulab(['up', '--no-dhcp', ...second])).status).toBe(0);
  expect((await it.eulab(['down'])).status).toBe(0);
  expect(it.inside('sysctl', '-n', 'net.ipv4.ip_forward')).toBe('1\n');
  expect(it.inside('nft', 'list', 'tables')).toBe('table ip eulab_lab/2\n');
  expect((await it.eulab(['down', '--bridge', 'lab-2'])).status).toBe(0);
  expect(it.inside('sysctl', '-n', 'net.ipv4.ip_forward')).toBe('0\n');
});

test('what is not ours is neither taken nor removed, and what would hurt is refused before anything changes', async () => {
  using it = host();
  it.inside('ip', 'link', 'add', 'name', 'vmbr0', 'type', 'bridge');
  it.inside('ip', 'link', 'add', 'name', 'br7', 'type', 'bridge');
  it.inside('ip', 'link', 'add', 'name', 'card', 'type', 'veth', 'peer', 'name', 'other');
  it.inside('ip', 'link', 'set', 'dev', 'card', 'master', 'br7');
  const before = it.snapshot();
  const refusals: readonly (readonly [readonly string[], string])[] = [
    [[], 'vmbr0 exists and was not made by eulab'],
    [['--bridge', 'lab', '--address', '192.168.0.77/25'], 'overlaps 192.168.0.0/24, which the host reaches by enp4s0'],
    [['--bridge', 'lab', '--uplink', 'card'], 'card is a port of br7 already'],
    [['--bridge', 'lab', '--uplink', 'other'], 'other is down'],
    [['--bridge', 'lab', '--uplink', 'lo'], 'lo is no network card'],
    [['--bridge', 'lab', '--uplink', 'enp9s9'], 'there is no interface enp9s9'],
    [['--bridge', 'averyveryverylong'], 'it is too long: Linux takes 15 characters'],
    [['--address', '10.77.0.255/24'], 'the first or the last of its network'],
  ];
  for (const [args, why] of refusals) {
    const { status, stderr } = await it.eulab(['up', ...args]);
    expect([status, stderr, it.steps()]).toEqual([2, expect.stringContaining(why), 0]);
    expect(stderr.split('\n').length).toBeGreaterThan(1);
  }
  expect((await it.eulab(['down'])).stderr).toContain('vmbr0 was not made by eulab: it stays');
  expect(it.snapshot()).toBe(before);
});

trapTest('without nft one iptables rule translates, and goes again; without either up says what to install', async () => {
  using it = host({ without: ['nft', 'dnsmasq'] });
  const rules = it.inside('iptables', '-t', 'nat', '-S');
  const { stderr } = await it.eulab(['up']);
  expect(stderr).toContain('DHCP by dnsmasq: is not installed: apt-get install dnsmasq-base');
  const guest = it.guest('vmbr0');
  guest.inside('ip', 'addr', 'add', '10.77.0.2/24', 'dev', 'eth0');
  guest.inside('ip', 'route', 'add', 'default', 'via', '10.77.0.1');
  guest.inside('ping', '-c1', '-W2', '192.168.0.1');
  await it.eulab(['up']);
  expect(it.steps()).toBe(0);
  expect(it.inside('iptables', '-t', 'nat', '-S', 'POSTROUTING').match(/MASQUERADE/g)).toHaveLength(1);
  expect((await it.eulab(['down'])).status).toBe(0);
  expect(it.inside('iptables', '-t', 'nat', '-S')).toBe(rules);

  using bare = host({ without: ['nft', 'iptables', 'ip6tables'] });
  const refused = await bare.eulab(['up']);
  expect([refused.status, refused.stderr]).toEqual([
    3,
    expect.stringContaining('apt-get install nftables, or do without: --no-nat'),
  ]);
  expect((await bare.eulab(['up', '--no-nat', '--no-dhcp'])).status).toBe(0);
});

trapTest(
  'a firewall that drops what is forwarded: guests reach each other and the outside; after down its rules are the same',
  async () => {
    using it = host();
    it.inside('sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1');
    it.inside('iptables', '-A', 'FORWARD', '-s', '10.1.2.3', '-j', 'REJECT');
    await it.eulab(['up', '--no-dhcp']);
    const [one, two] = [it.guest('vmbr0'), it.guest('vmbr0')];
    for (const [guest, address] of [
      [one, '10.77.0.2/24'],
      [two, '10.77.0.3/24'],
    ] as const) {
      guest.inside('ip', 'addr', 'add', address, 'dev', 'eth0');
      guest.inside('ip', 'route', 'add', 'default', 'via', '10.77.0.1');
    }
    it.inside('iptables', '-P', 'FORWARD', 'DROP');
    const rules = it.inside('iptables', '-S');
    expect((await one.program('ping', '-c1', '-W1', '10.77.0.3')).status).toBe(1);
    expect((await it.eulab(['up', '--no-dhcp'])).status).toBe(0);
    one.inside('ping', '-c1', '-W2', '10.77.0.3');
    two.inside('ping', '-c1', '-W2', '192.168.0.1');
    expect((await it.eulab(['up', '--no-dhcp'])).stderr).toContain('nothing to do');
    expect(it.inside('iptables', '-S')).toContain('eulab:vmbr0');
    expect((await it.eulab(['down'])).status).toBe(0);
    expect(it.inside('iptables', '-S')).toBe(rules);
  },
);

test('the journal lost, down goes by what stands; the journal itself is readable and says what was', async () => {
  using it = host();
  const before = [it.snapshot(), it.inside('nft', 'list', 'ruleset')];
  await it.eulab(['up']);
  const file = join(it.state, 'vmbr0.journal.json');
  expect(JSON.parse(readFileSync(file, 'utf8')).sysctls['net/ipv4/ip_forward']).toBe('0');
  rmSync(file);
  expect((await it.eulab(['down'])).status).toBe(0);
  expect([it.snapshot(), it.inside('nft', 'list', 'ruleset')]).toEqual(before);
});

requires(
  'root',
  'ip',
  '/dev/net/tun',
)('a tap for a user: a port of the bridge that this user owns, gone with it', async () => {
  using it = host();
  const before = it.snapshot();
  const call = ['up', '--no-nat', '--no-dhcp', '--tap-user', 'nobody'];
  expect((await it.eulab(call)).stderr).toMatch(/^eulab: making vmbr0\n.*\neulab: vmbr0 is up\n$/);
  const [link] = JSON.parse(it.inside('ip', '-j', '-d', 'link', 'show', 'dev', 'tap-nobody'));
  expect(link).toMatchObject({ master: 'vmbr0', linkinfo: { info_data: { user: 'nobody' } } });
  expect((await it.eulab(call)).stderr).toContain('nothing to do');
  it.inside('ip', 'link', 'set', 'dev', 'tap-nobody', 'nomaster');
  expect((await it.eulab(['status'])).stdout.toString()).toContain('tap tap-nobody of nobody  partial: is no port of vmbr0\n');
  await it.eulab(call);
  expect(it.steps()).toBe(1);
  expect((await it.eulab(['down'])).stderr).toBe('eulab: vmbr0 is down\n');
  expect(it.snapshot()).toBe(before);
});

const sudoTest = requires('visudo');

sudoTest('the rule that --sudoers prints is one for sudo', async () => {
  const { status, stdout } = await eulab(['net', 'up', '--bridge', 'lab', '--address', '10.9.0.1/24', '--sudoers']);
  expect(status).toBe(0);
  expect(stdout.toString()).toMatch(/net up --bridge lab --address 10\.9\.0\.1\/24, \\\n.* net down --bridge lab\n$/);
  const seen = await program('visudo', ['-c', '-f', '-'], { input: stdout });
  expect([seen.status, seen.stderr]).toEqual([0, '']);
});

requires(
  'root',
  'ip',
  '/dev/net/tun',
  'qemu-system-x86_64',
)('status names who has a port open, for people and for programs; --plan is --dry-run', async () => {
  using it = host();
  await it.eulab(['up', '--no-nat', '--no-dhcp', '--tap-user', 'nobody']);
  const tap = 'tap,id=n0,ifname=tap-nobody,script=no,downscript=no,vhost=off';
  const machine = it.program('host', 'qemu-system-x86_64', '-machine', 'none', '-display', 'none', '-netdev', tap);
  const ports = async () => JSON.parse((await it.eulab(['status', '--json'])).stdout.toString()).ports;
  while ((await ports())[0].users.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const [{ users }] = await ports();
  expect(users).toEqual([{ pid: expect.any(Number), program: 'qemu-system-x86', user: 'root' }]);
  const text = (await it.eulab(['status'])).stdout.toString();
  expect(text).toContain(`\`-- tap-nobody  (tun)  up  qemu-system-x86 ${users[0].pid} of root\n`);
  process.kill(users[0].pid);
  await machine;
  expect((await ports())[0].users).toEqual([]);
  const plans = [await it.eulab(['down', '--plan']), await it.eulab(['down', '--dry-run'])].map(({ stdout }) =>
    stdout.toString(),
  );
  expect(plans[0]).toContain('ip link delete dev vmbr0\n');
  expect([plans[1], it.steps()]).toEqual([plans[0], 0]);
});

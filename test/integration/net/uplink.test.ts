import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Ended, folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';
import { type Host, host } from './host.ts';

const test = requires('root', 'ip', 'ping', 'nft');

const kill = 'kill -9 $PPID';
const uplink = ['up', '--uplink', 'enp4s0'];

/** Fails unless the host reaches its router and its router the host, by both protocols. */
function connected(it: Host): void {
  it.inside('ping', '-c1', '-W2', '192.168.0.1');
  it.inside('ping', '-c1', '-W2', '2001:db8::1');
  it.router('ping', '-c1', '-W2', '192.168.0.20');
  it.router('ping', '-c1', '-W2', '192.168.0.21');
  it.router('ping', '-c1', '-W2', '2001:db8::20');
}

/** How many of its pings a ping lost. */
async function lost(ping: Promise<Ended>): Promise<number> {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec((await ping).stdout.toString()) ?? [];
  return Number(sent) - Number(received);
}

/** Waits until the host is as it was, for as long as the test may take. */
async function restored(it: Host, before: string): Promise<void> {
  while (it.snapshot() !== before) await new Promise((resolve) => setTimeout(resolve, 50));
  while (readdirSync(it.state).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

test('a card joins the bridge and comes back: nothing is cut off, addresses and routes are exactly what they were', async () => {
  using it = host();
  connected(it);
  const before = it.snapshot();
  // A ping that is answered after the next one was sent is late, not lost; one of 1500 B would be lost by a wrong MTU.
  const pings = [
    it.program('host', 'ping', '-i', '0.01', '-c', '600', '-s', '1472', '-M', 'do', '-W', '2', '192.168.0.1'),
    it.program('router', 'ping', '-i', '0.01', '-c', '600', '-W', '2', '192.168.0.20'),
    it.program('host', 'ping', '-i', '0.01', '-c', '600', '-W', '2', '2001:db8::1'),
  ];
  for (let round = 0; round < 2; round++) {
    const made = await it.eulab(uplink);
    expect([made.status, made.stderr]).toEqual([0, expect.stringMatching(/^eulab: making vmbr0\n.*\neulab: vmbr0 is up\n$/)]);
    const moved = it.snapshot();
    expect(it.inside('ip', '-4', 'addr', 'show', 'dev', 'enp4s0')).toBe('');
    expect(it.inside('ip', 'route')).toBe(
      'default via 192.168.0.1 dev vmbr0 proto dhcp src 192.168.0.20 metric 100 \n' +
        '10.5.0.0/16 via 192.168.0.1 dev vmbr0 onlink mtu 1400 \n' +
        '192.168.0.0/24 dev vmbr0 proto kernel scope link src 192.168.0.20 \n',
    );
    expect((await it.eulab(uplink)).stderr).toContain('nothing to do');
    expect([it.steps(), it.snapshot()]).toEqual([0, moved]);
    expect((await it.eulab(['down'])).stderr).toBe('eulab: vmbr0 is down\n');
    expect(it.snapshot()).toBe(before);
  }
  for (const ping of pings) expect(await lost(ping)).toBe(0);
  // No watchdog, no journal, no lock is left.
  expect(readdirSync(it.state)).toEqual([]);
});

test('a guest is on the LAN, and status shows it', async () => {
  using it = host();
  await it.eulab(uplink);
  const guest = it.guest('vmbr0');
  guest.inside('ip', 'addr', 'add', '192.168.0.50/24', 'dev', 'eth0');
  guest.inside('ping', '-c1', '-W2', '192.168.0.1');
  guest.inside('ping', '-c1', '-W2', '192.168.0.20');
  const seen = JSON.parse((await it.eulab(['status', '--json'])).stdout.toString());
  expect(seen).toMatchObject({ state: 'up', uplink: 'enp4s0', ports: [{ name: 'enp4s0' }, { name: guest.port }] });
  const other = await it.eulab(['up']);
  expect([other.status, other.stderr]).toEqual([
    2,
    expect.stringContaining('was made with other settings: --bridge vmbr0 --uplink enp4s0'),
  ]);
});

test('a stranger takes the bridge down: the host is cut off, status names it and the call that mends it, and that call does', async () => {
  using it = host();
  const before = it.snapshot();
  await it.eulab(uplink);
  const moved = it.snapshot();
  it.inside('ip', 'link', 'set', 'dev', 'vmbr0', 'down');
  expect((await it.program('host', 'ping', '-c1', '-W1', '192.168.0.1')).status).not.toBe(0);
  const { status, stdout } = await it.eulab(['status']);
  expect([status, stdout.toString()]).toEqual([1, expect.stringMatching(/^bridge vmbr0 +partial: is down$/m)]);
  const call = /^to mend it: eulab net (up .*)$/m.exec(stdout.toString())?.[1] ?? '';
  expect(call).toBe('up --bridge vmbr0 --uplink enp4s0');
  expect((await it.eulab(call.split(' '))).stderr).toMatch(/^eulab: making vmbr0\n.*\neulab: vmbr0 is up\n$/);
  connected(it);
  expect(it.snapshot()).toBe(moved);
  await it.eulab(['down']);
  expect(it.snapshot()).toBe(before);
});

/** What holds after eulab was killed at a step: the host is connected, and `down` restores it. */
async function survived(it: Host, killed: number, step: number, before: string): Promise<void> {
  expect(killed).toBe(137);
  connected(it);
  expect((await it.eulab(['down'])).status, `step ${step}`).toBe(0);
  expect(it.snapshot(), `step ${step}`).toBe(before);
}

test('kill -9 after any step of up: the host stays connected, and down restores it exactly', async () => {
  using it = host();
  connected(it);
  const before = it.snapshot();
  let step = 1;
  for (; ; step++) {
    const { status } = await it.eulab(uplink, { step, line: kill });
    if (status === 0) break;
    await survived(it, status, step, before);
  }
  expect(step).toBeGreaterThan(15);
}, 180_000);

test('kill -9 after any step of down: the host stays connected, and down again restores it exactly', async () => {
  using it = host();
  connected(it);
  const before = it.snapshot();
  let step = 1;
  for (; ; step++) {
    expect((await it.eulab(uplink)).status).toBe(0);
    const { status } = await it.eulab(['down'], { step, line: kill });
    if (status === 0) break;
    await survived(it, status, step, before);
  }
  expect(step).toBeGreaterThan(12);
}, 180_000);

test('an up that was killed half way is finished by the next one', async () => {
  using it = host();
  await it.eulab(uplink);
  const whole = it.inside('ip', '-j', 'route');
  await it.eulab(['down']);
  const before = it.snapshot();
  for (const step of [1, 4, 9, 14]) {
    expect((await it.eulab(uplink, { step, line: kill })).status).toBe(137);
    expect((await it.eulab(['status'])).stdout.toString()).toContain('to mend it: eulab net up');
    expect((await it.eulab(uplink)).status, `step ${step}`).toBe(0);
    expect(it.inside('ip', '-j', 'route')).toBe(whole);
    await it.eulab(['down']);
    expect(it.snapshot(), `step ${step}`).toBe(before);
  }
});

test('with nobody there to call down, the watchdog does: for an up that was killed, and for one that stands still', async () => {
  using it = host();
  const before = it.snapshot();
  for (const line of [kill, 'kill -STOP $PPID']) {
    const { status } = await it.eulab([...uplink, '--confirm-within', '2s'], { step: 12, line });
    expect(status).toBe(137);
    await restored(it, before);
    connected(it);
  }
});

test('a gateway that no longer answers takes everything back at once', async () => {
  using it = host();
  connected(it);
  const before = it.snapshot();
  const router = it.routerName;
  const deaf = await it.eulab(uplink, { step: 12, line: `/bin/ip -n ${router} link set dev wan arp off` });
  expect([deaf.status, deaf.stderr]).toEqual([
    1,
    expect.stringContaining('does not answer through vmbr0; everything is as it was'),
  ]);
  expect(it.snapshot()).toBe(before);
  it.router('ip', 'link', 'set', 'dev', 'wan', 'arp', 'on');
  // One that never answered is none to wait for.
  it.inside('ip', 'route', 'replace', 'default', 'via', '192.168.0.77', 'dev', 'enp4s0', 'metric', '100');
  expect((await it.eulab(uplink)).status).toBe(0);
});

test('strict reverse path filters are loosened for the move, and are as before after it', async () => {
  using it = host();
  it.inside('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1', 'net.ipv4.conf.enp4s0.rp_filter=1');
  const before = it.snapshot();
  const pings = it.program('router', 'ping', '-i', '0.01', '-c', '300', '-W', '2', '192.168.0.20');
  await it.eulab(uplink);
  expect(it.inside('sysctl', '-n', 'net.ipv4.conf.vmbr0.rp_filter')).toBe('2\n');
  await it.eulab(['down']);
  expect(it.inside('sysctl', '-n', 'net.ipv4.conf.enp4s0.rp_filter')).toBe('1\n');
  expect(it.snapshot()).toBe(before);
  expect(await lost(pings)).toBe(0);
});

test('the journal lost, down rebuilds the card from what stands', async () => {
  using it = host();
  const before = it.snapshot();
  await it.eulab(uplink);
  rmSync(join(it.state, 'vmbr0.journal.json'));
  expect((await it.eulab(['down'])).status).toBe(0);
  expect(it.snapshot()).toBe(before);
});

requires(
  'root',
  'ip',
  'ping',
  'radvd',
)('a host that lives by router advertisements keeps address and route, there and back', async () => {
  using it = host();
  using here = folder();
  const config = join(here.path, 'radvd.conf');
  writeFileSync(
    config,
    'interface wan { AdvSendAdvert on; prefix 2001:db8:5::/64 { AdvValidLifetime 3600; AdvPreferredLifetime 1800; }; };',
  );
  it.router('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
  it.router('ip', 'addr', 'add', '2001:db8:5::1/64', 'dev', 'wan');
  const advertiser = it.program('router', 'radvd', '-C', config, '-p', join(here.path, 'pid'), '-m', 'none', '-n');
  const aged = (text: string) => text.replace(/"(valid_life_time|preferred_life_time|expires)":\d{1,9}\b/g, '"$1":0');
  while (!/"protocol":"ra"/.test(it.snapshot())) await new Promise((resolve) => setTimeout(resolve, 50));
  const before = aged(it.snapshot());
  const pings = it.program('host', 'ping', '-i', '0.01', '-c', '300', '-W', '2', '2001:db8:5::1');
  expect((await it.eulab(uplink)).status).toBe(0);
  expect(it.inside('ip', '-6', 'route', 'show', 'dev', 'enp4s0')).toBe('');
  expect((await it.eulab(['down'])).status).toBe(0);
  expect(aged(it.snapshot())).toBe(before);
  expect(await lost(pings)).toBe(0);
  process.kill(Number(readFileSync(join(here.path, 'pid'), 'utf8')));
  await advertiser;
});

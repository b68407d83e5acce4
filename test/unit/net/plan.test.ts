import { expect, test } from 'vitest';
import { show } from '../../../src/command.ts';
import type { Facts } from '../../../src/net/facts.ts';
import type { Lab } from '../../../src/net/lab.ts';
import { begin, recovered, resources } from '../../../src/net/plan.ts';
import { type Resource, stateOf } from '../../../src/net/resource.ts';
import { bridge, card, facts, lab } from './facts.ts';

const lines = (all: readonly Resource[], what: 'make' | 'remove') =>
  all.flatMap((one) => one[what].map((command) => show(command).replace(/^sudo /, '')));

const planned = (changes: Partial<Facts> = {}, wanted: Partial<Lab> = {}) => {
  const seen = { ...facts, ...changes };
  return resources(begin({ ...lab, ...wanted }, facts), seen);
};

test('an isolated bridge, of which nothing stands: all is made, nothing removed', () => {
  const all = planned();
  expect(lines(all, 'make')).toEqual([
    'ip link add name vmbr0 address 02:eb:22:5f:c2:48 group 962987 type bridge stp_state 0 forward_delay 0',
    "ip link set dev vmbr0 alias 'eulab isolated'",
    'ip link set dev vmbr0 up',
    'ip addr add 10.77.0.1/24 broadcast + dev vmbr0',
    'sysctl -q -w net/ipv4/ip_forward=1',
    expect.stringMatching(/^nft 'table ip eulab_vmbr0\ndelete table ip eulab_vmbr0\ntable ip eulab_vmbr0 \{[\s\S]*masquerade/),
    expect.stringMatching(/^dnsmasq .*--dhcp-range=10\.77\.0\.128,10\.77\.0\.254,1h /),
  ]);
  expect(lines(all, 'remove')).toEqual([]);
  expect(new Set(all.map(stateOf))).toEqual(new Set(['absent', 'up']));
});

test('what is not wanted is not made', () => {
  expect(lines(planned({}, { nat: false, dhcp: false }), 'make')).toHaveLength(4);
});

test('an uplink: addresses first, then the card, then routes with all they have, then the addresses away, last to first', () => {
  const [made, moved] = planned({}, { uplink: 'enp4s0' });
  expect(lines([made as Resource], 'make')).toEqual([
    'ip link add name vmbr0 address 52:54:00:aa:bb:cc group 962987 mtu 1500 type bridge stp_state 0 forward_delay 0',
    "ip link set dev vmbr0 alias 'eulab uplink enp4s0'",
    'ip link set dev vmbr0 addrgenmode none',
    'ip link set dev vmbr0 up',
  ]);
  expect(lines([moved as Resource], 'make')).toEqual([
    'ip addr add 192.168.0.20/24 broadcast 192.168.0.255 dev vmbr0',
    'ip addr add 192.168.0.21/24 broadcast 192.168.0.255 dev vmbr0',
    'ip addr add fe80::20/64 dev vmbr0 nodad',
    'ip addr add 2001:db8::20/64 dev vmbr0 nodad',
    'ip link add name bypass-225fc248 master vmbr0 mtu 1500 group 962987 type veth peer name detour-225fc248 mtu 1500 group 962987',
    'ip link set dev detour-225fc248 addrgenmode none up',
    'ip link set dev bypass-225fc248 up type bridge_slave learning off flood off mcast_flood off bcast_flood off',
    expect.stringMatching(/^timeout 5 sh -c 'until ip -o link show dev bypass-225fc248 /),
    expect.stringMatching(/^nft 'table netdev eulab_vmbr0 [\s\S]*device "enp4s0" [\s\S]*fwd to "detour-225fc248"/),
    'ip link set dev enp4s0 master vmbr0',
    expect.stringMatching(/^timeout 5 sh -c 'until ip -o link show dev vmbr0 /),
    'nft delete table netdev eulab_vmbr0',
    'ip link delete dev detour-225fc248',
    'ip neigh replace 192.168.0.1 lladdr 02:00:00:00:00:01 dev vmbr0 nud reachable',
    'ip -4 route replace 192.168.9.0/24 dev vmbr0 scope link',
    'ip -4 route replace default via 192.168.0.1 dev vmbr0 proto dhcp src 192.168.0.20 metric 100',
    'ip -4 route replace 10.5.0.0/16 via 192.168.0.1 dev vmbr0 mtu 1400 onlink',
    'ip -6 route replace default via fe80::1 dev vmbr0 proto ra metric 1024 pref high expires 1700',
    'ip addr del 2001:db8::20/64 dev enp4s0',
    'ip addr del fe80::20/64 dev enp4s0',
    'ip addr del 192.168.0.21/24 dev enp4s0',
    'ip addr del 192.168.0.20/24 dev enp4s0',
  ]);
});

test('the way back of an uplink that has moved, under a strict reverse path filter', () => {
  const strict = { ...facts.sysctls, 'net/ipv4/conf/all/rp_filter': '1', 'net/ipv4/conf/enp4s0/rp_filter': '1' };
  const before = { ...facts, sysctls: strict };
  const moved: Facts = {
    ...before,
    links: [
      { ...card, master: 'vmbr0' },
      { ...bridge, ifalias: 'eulab uplink enp4s0', inet6_addr_gen_mode: 'none' },
    ],
    addresses: { vmbr0: facts.addresses['enp4s0'] ?? [] },
    routes: facts.routes.map((route) => ({ ...route, dev: 'vmbr0' })),
    neighbours: [{ dst: '192.168.0.9', dev: 'vmbr0', lladdr: '02:00:00:00:00:09', state: ['REACHABLE'] }],
  };
  const journal = begin({ ...lab, uplink: 'enp4s0' }, before);
  const removals = lines(resources(journal, moved).toReversed(), 'remove');
  expect(removals).toEqual([
    'sysctl -q -w net/ipv4/conf/enp4s0/rp_filter=2',
    'ip addr add 192.168.0.20/24 broadcast 192.168.0.255 dev enp4s0',
    'ip addr add 192.168.0.21/24 broadcast 192.168.0.255 label enp4s0:1 dev enp4s0',
    'ip addr add fe80::20/64 dev enp4s0 nodad',
    'ip addr add 2001:db8::20/64 dev enp4s0 nodad',
    'ip neigh replace 192.168.0.9 lladdr 02:00:00:00:00:09 dev enp4s0 nud reachable',
    'ip neigh replace 192.168.0.1 lladdr 02:00:00:00:00:01 dev enp4s0 nud reachable',
    'ip -4 route replace 192.168.9.0/24 dev enp4s0 scope link',
    'ip -4 route replace default via 192.168.0.1 dev enp4s0 proto dhcp src 192.168.0.20 metric 100',
    'ip -4 route replace 10.5.0.0/16 via 192.168.0.1 dev enp4s0 mtu 1400 onlink',
    'ip -6 route replace default via fe80::1 dev enp4s0 proto ra metric 1024 pref high expires 1700',
    'ip -4 route del 192.168.0.0/24 dev vmbr0 proto kernel',
    'ip -6 route del fe80::/64 dev vmbr0 proto kernel',
    'ip link add name bypass-225fc248 master vmbr0 mtu 1500 group 962987 type veth peer name detour-225fc248 mtu 1500 group 962987',
    'ip link set dev detour-225fc248 addrgenmode none up',
    'ip link set dev bypass-225fc248 up type bridge_slave learning off flood off mcast_flood off bcast_flood off',
    expect.stringMatching(/^timeout 5 sh -c 'until ip -o link show dev bypass-225fc248 /),
    expect.stringMatching(/^nft 'table netdev eulab_vmbr0 [\s\S]*device "enp4s0" [\s\S]*fwd to "detour-225fc248"/),
    'ip link set dev enp4s0 nomaster',
    'nft delete table netdev eulab_vmbr0',
    'ip link delete dev detour-225fc248',
    'ip addr change 2001:db8::20/64 dev enp4s0',
    'ip addr change fe80::20/64 dev enp4s0',
    'sysctl -q -w net/ipv4/conf/enp4s0/rp_filter=1',
    'ip link delete dev vmbr0',
  ]);
  // Without its journal, all but the label and the neighbour that only the card knew.
  const found = resources(recovered(lab, moved), moved).toReversed();
  expect(lines(found, 'remove').filter((line) => removals.includes(line)).length).toBeGreaterThan(removals.length - 4);
});

test('where the kernel cannot redirect, or without nft, the card joins without a detour; what a killed eulab left of one is removed', () => {
  const joining = (nft: Facts['nft'], changes: Partial<Facts> = {}) =>
    lines(planned({ ...changes, nft }, { uplink: 'enp4s0' }), 'make').filter((line) => /detour|netdev/.test(line));
  expect(joining({ table: undefined, redirects: false })).toEqual([]);
  expect(joining(undefined)).toEqual([]);
  const entry = { ...card, ifname: 'detour-225fc248', group: '962987' };
  const links = [{ ...card, master: 'vmbr0' }, { ...bridge, ifalias: 'eulab uplink enp4s0' }, entry];
  const closed = ['nft delete table netdev eulab_vmbr0', 'ip link delete dev detour-225fc248'];
  expect(joining({ table: undefined, detour: true, redirects: true }, { links })).toEqual(closed);
  const journal = begin({ ...lab, uplink: 'enp4s0' }, facts);
  const abandoned = { ...facts, links: [card, entry], nft: { table: undefined, detour: true } };
  expect(lines(resources(journal, abandoned).toReversed(), 'remove')).toEqual(closed);
});

test('a card that is gone hinders nobody from removing the bridge', () => {
  const journal = begin({ ...lab, uplink: 'enp4s0' }, facts);
  const gone = { ...facts, links: [bridge], addresses: {}, routes: [] };
  expect(lines(resources(journal, gone).toReversed(), 'remove')).toEqual(['ip link delete dev vmbr0']);
});

test('a tap for a user: made, marked, a port, up; each mended by itself; gone with the rest, also without the journal', () => {
  const tapLines = (changes: Partial<Facts>, what: 'make' | 'remove') =>
    lines(planned(changes, { tapUser: 'ada' }), what).filter((line) => line.includes('tap-ada'));
  expect(tapLines({}, 'make')).toEqual([
    'ip tuntap add dev tap-ada mode tap user ada',
    'ip link set dev tap-ada group 962987',
    'ip link set dev tap-ada master vmbr0',
    'ip link set dev tap-ada up',
  ]);
  const made = { ...bridge, ifname: 'tap-ada', master: 'vmbr0', linkinfo: { info_kind: 'tun', info_data: { user: 'ada' } } };
  expect(tapLines({ links: [card, bridge, made] }, 'make')).toEqual([]);
  expect(tapLines({ links: [card, bridge, { ...made, flags: [] }] }, 'make')).toEqual(['ip link set dev tap-ada up']);
  const seen = { ...facts, links: [card, bridge, made] };
  expect(lines(resources(recovered(lab, seen), seen), 'remove')).toContain('ip link delete dev tap-ada');
});

test('a bridge that is not ours is never removed', () => {
  for (const stranger of [
    { ...bridge, group: 'default' },
    { ...bridge, linkinfo: { info_kind: 'dummy' } },
  ]) {
    expect(lines(planned({ links: [card, stranger] }), 'remove')).toEqual([]);
  }
});

test('forwarding that was on stays on; one that another of our bridges needs, too', () => {
  const on = { ...facts.sysctls, 'net/ipv4/ip_forward': '1' };
  const removals = (seen: Facts, before: Facts) =>
    lines(resources(begin(lab, before), seen), 'remove').filter((line) => line.includes('ip_forward'));
  expect(removals({ ...facts, sysctls: on }, facts)).toEqual(['sysctl -q -w net/ipv4/ip_forward=0']);
  expect(removals({ ...facts, sysctls: on }, { ...facts, sysctls: on })).toEqual([]);
  const other = begin({ ...lab, bridge: 'vmbr1' }, facts);
  expect(removals({ ...facts, sysctls: on, others: [other] }, facts)).toEqual([]);
  // What the other one found is what was before either.
  expect(begin(lab, { ...facts, sysctls: on, others: [other] }).sysctls['net/ipv4/ip_forward']).toBe('0');
});

test.each<[string, Partial<Lab>, boolean, string[]]>([
  ['a guest network', {}, true, ['-i vmbr0', '-o vmbr0 -m conntrack --ctstate RELATED,ESTABLISHED']],
  ['a guest network without NAT', { nat: false }, true, ['-i vmbr0 -o vmbr0']],
  ['an uplink', { uplink: 'enp4s0' }, true, ['-i vmbr0 -o vmbr0']],
  ['an uplink, and a kernel that does not ask iptables', { uplink: 'enp4s0' }, false, []],
])('the way through a firewall that drops, for %s', (_what, wanted, bridged, matches) => {
  const filters = [{ program: 'iptables' as const, drops: true, bridged, forward: [], postrouting: [] }];
  const made = lines(planned({ filters }, wanted), 'make').filter((line) => line.startsWith('iptables'));
  expect(made).toEqual(matches.map((match) => `iptables -w -I FORWARD ${match} -m comment --comment eulab:vmbr0 -j ACCEPT`));
});

test("rules are removed by our comment alone, another bridge's stay", () => {
  const forward = [
    '-A FORWARD -i vmbr0 -m comment --comment eulab:vmbr0 -j ACCEPT',
    '-A FORWARD -i vmbr00 -m comment --comment eulab:vmbr00 -j ACCEPT',
  ];
  const filters = [{ program: 'iptables' as const, drops: true, bridged: true, forward, postrouting: [] }];
  expect(lines(planned({ filters }), 'remove')).toEqual([
    'iptables -w -D FORWARD -i vmbr0 -m comment --comment eulab:vmbr0 -j ACCEPT',
  ]);
});

const tagged = { ...facts, sysctls: { ...facts.sysctls, 'net/ipv6/conf/default/disable_ipv6': '0' } };

test('a VLAN by an interface on the card: it joins the bridge, the host is mute in it, and nothing moves', () => {
  const wanted: Lab = { ...lab, uplink: 'enp4s0', vlan: { id: 20, mode: 'sub', address: '10.20.0.5/24' } };
  const journal = begin(wanted, tagged);
  expect(journal.uplink).toBeUndefined();
  expect(lines(resources(journal, tagged), 'make')).toEqual([
    'ip link add name vmbr0 address 52:54:00:aa:bb:cc group 962987 mtu 1500 type bridge stp_state 0 forward_delay 0',
    "ip link set dev vmbr0 alias 'eulab uplink enp4s0 vlan 20 sub'",
    'ip link set dev vmbr0 addrgenmode none',
    'ip link set dev vmbr0 up',
    'sysctl -q -w net/ipv6/conf/vmbr0/disable_ipv6=1',
    'ip link add link enp4s0 name enp4s0.20 group 962987 type vlan id 20',
    'sysctl -q -w net/ipv6/conf/enp4s0.20/disable_ipv6=1',
    'ip link set dev enp4s0.20 master vmbr0',
    'ip link set dev enp4s0.20 up',
    'ip addr add 10.20.0.5/24 broadcast + dev vmbr0',
  ]);
});

test('a VLAN-aware bridge: the bridge and the card are in both VLANs when the one of new ports changes', () => {
  const wanted: Lab = { ...lab, uplink: 'enp4s0', vlan: { id: 20, mode: 'aware' } };
  const [made, , trunk] = resources(begin(wanted, tagged), tagged);
  expect(lines([made as Resource], 'make')[0]).toMatch(/ vlan_filtering 1 vlan_default_pvid 1$/);
  expect(lines([trunk as Resource], 'make')).toEqual([
    'bridge vlan add dev enp4s0 vid 20',
    'bridge vlan add dev vmbr0 vid 20 self',
    'ip link set dev vmbr0 type bridge vlan_default_pvid 20',
    'bridge vlan del dev vmbr0 vid 20 self',
  ]);
});

test('a trunk that stands: nothing is made; what is broken is named', () => {
  const wanted: Lab = { ...lab, uplink: 'enp4s0', vlan: { id: 20, mode: 'aware' } };
  const untagged = (vid: number) => ({ vid, pvid: true, untagged: true });
  const stands: Facts = {
    ...tagged,
    links: [
      { ...card, master: 'vmbr0' },
      { ...bridge, linkinfo: { info_kind: 'bridge', info_data: { vlan_filtering: 1, vlan_default_pvid: 20 } } },
      { ...card, ifname: 'tap0', master: 'vmbr0' },
    ],
    vlans: { vmbr0: [untagged(1)], enp4s0: [untagged(1), { vid: 20, pvid: false, untagged: false }], tap0: [untagged(30)] },
  };
  const trunk = (changes: Partial<Facts>) => resources(begin(wanted, tagged), { ...stands, ...changes })[2] as Resource;
  expect(trunk({})).toMatchObject({ make: [], faults: [] });
  const broken = trunk({ vlans: { vmbr0: [untagged(1)], enp4s0: [untagged(1)], tap0: [] } });
  expect(broken.faults).toEqual(['enp4s0 does not carry VLAN 20', 'tap0 is in no VLAN']);
  expect(lines([broken], 'make')).toEqual(['bridge vlan add dev enp4s0 vid 20', 'bridge vlan add dev tap0 vid 20 pvid untagged']);
  expect(stateOf(broken)).toBe('partial');
});

test('the journal lost, the bridge tells its VLAN', () => {
  const links = [
    card,
    { ...bridge, ifalias: 'eulab uplink enp4s0 vlan 20 sub' },
    { ...card, ifname: 'enp4s0.20', group: '962987' },
  ];
  const found = recovered(lab, { ...tagged, links });
  expect(found.lab).toMatchObject({ uplink: 'enp4s0', vlan: { id: 20, mode: 'sub' } });
  expect(found.uplink).toBeUndefined();
  expect(lines(resources(found, { ...tagged, links }), 'remove')).toEqual([
    'ip link delete dev vmbr0',
    'ip link delete dev enp4s0.20',
  ]);
});

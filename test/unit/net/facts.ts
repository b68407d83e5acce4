import type { Facts, Link } from '../../../src/net/facts.ts';
import type { Lab } from '../../../src/net/lab.ts';

export const lab: Lab = { bridge: 'vmbr0', address: '10.77.0.1/24', nat: true, dhcp: true, state: '/run/eulab/net' };

/** A card that is up, as iproute2 prints it. */
export const card: Link = {
  ifindex: 2,
  ifname: 'enp4s0',
  flags: ['BROADCAST', 'UP', 'LOWER_UP'],
  mtu: 1500,
  operstate: 'UP',
  group: 'default',
  link_type: 'ether',
  address: '52:54:00:aa:bb:cc',
};

/** The bridge as eulab leaves it. */
export const bridge: Link = {
  ifindex: 3,
  ifname: 'vmbr0',
  flags: ['UP'],
  mtu: 1500,
  operstate: 'UP',
  group: '962987',
  link_type: 'ether',
  ifalias: 'eulab isolated',
  inet6_addr_gen_mode: 'eui64',
  linkinfo: { info_kind: 'bridge' },
};

/** A host with a card on a LAN, on which nothing of ours stands. */
export const facts: Facts = {
  links: [card],
  addresses: {
    enp4s0: [
      { family: 'inet', local: '192.168.0.20', prefixlen: 24, broadcast: '192.168.0.255', scope: 'global', label: 'enp4s0' },
      { family: 'inet', local: '192.168.0.21', prefixlen: 24, broadcast: '192.168.0.255', scope: 'global', label: 'enp4s0:1' },
      { family: 'inet6', local: '2001:db8::20', prefixlen: 64, scope: 'global' },
      { family: 'inet6', local: 'fe80::20', prefixlen: 64, scope: 'link' },
    ],
  },
  routes: [
    { family: 4, dst: 'default', gateway: '192.168.0.1', dev: 'enp4s0', protocol: 'dhcp', prefsrc: '192.168.0.20', metric: 100 },
    { family: 4, dst: '10.5.0.0/16', gateway: '192.168.0.1', dev: 'enp4s0', flags: ['onlink'], metrics: [{ mtu: 1400 }] },
    { family: 4, dst: '192.168.9.0/24', dev: 'enp4s0', scope: 'link', flags: [] },
    { family: 4, dst: '192.168.0.0/24', dev: 'enp4s0', protocol: 'kernel', scope: 'link', prefsrc: '192.168.0.20' },
    { family: 6, dst: 'fe80::/64', dev: 'enp4s0', protocol: 'kernel', metric: 256, pref: 'medium' },
    { family: 6, dst: 'default', gateway: 'fe80::1', dev: 'enp4s0', protocol: 'ra', metric: 1024, pref: 'high', expires: 1700 },
  ],
  neighbours: [{ dst: '192.168.0.1', dev: 'enp4s0', lladdr: '02:00:00:00:00:01', state: ['REACHABLE'] }],
  sysctls: {
    'net/ipv4/ip_forward': '0',
    'net/ipv4/conf/all/accept_redirects': '1',
    'net/ipv4/conf/all/rp_filter': '0',
    'net/ipv4/conf/default/rp_filter': '0',
    'net/ipv4/conf/enp4s0/rp_filter': '0',
    'net/ipv4/conf/enp4s0/forwarding': '0',
  },
  nft: { table: undefined },
  filters: [
    { program: 'iptables', drops: false, bridged: true, forward: ['-P FORWARD ACCEPT'], postrouting: [] },
    { program: 'ip6tables', drops: false, bridged: true, forward: ['-P FORWARD ACCEPT'], postrouting: [] },
  ],
  dnsmasq: { installed: true },
  nic: { wifi: false, manager: undefined },
  others: [],
  vlans: {},
  kernel: {},
  root: true,
};

import { expect, test } from 'vitest';
import type { Facts } from '../../../src/net/facts.ts';
import { refuse } from '../../../src/net/refusal.ts';
import { bridge, card, facts, lab } from './facts.ts';

const up = (changes: Partial<Facts>, uplink?: string, force = false) =>
  refuse({ ...lab, ...(uplink === undefined ? {} : { uplink }) }, { ...facts, ...changes }, { standing: false, force });

test.each<[string, Partial<Facts>, string | undefined, string]>([
  ['a bridge of others', { links: [card, { ...bridge, group: 'default' }] }, undefined, 'vmbr0 exists and was not made by eulab'],
  [
    'a network in use',
    { routes: [{ family: 4, dst: '10.77.0.128/25', dev: 'docker0' }] },
    undefined,
    '10.77.0.1/24 overlaps 10.77.0.128/25',
  ],
  [
    'a larger network in use',
    { routes: [{ family: 4, dst: '10.0.0.0/8', dev: 'tun0' }] },
    undefined,
    'which the host reaches by tun0',
  ],
  ['no program for NAT', { nft: undefined, filters: [] }, undefined, 'neither nft nor iptables is installed'],
  ['no such card', {}, 'eth9', 'there is no interface eth9'],
  ['a tap', { links: [{ ...card, linkinfo: { info_kind: 'tun' } }] }, 'enp4s0', 'is no network card but tun'],
  ['Wi-Fi', { nic: { wifi: true, manager: undefined } }, 'enp4s0', 'is a Wi-Fi card'],
  ['a port', { links: [{ ...card, master: 'br0' }] }, 'enp4s0', 'is a port of br0 already'],
  ['a card that is down', { links: [{ ...card, flags: [] }] }, 'enp4s0', 'enp4s0 is down'],
  ['NetworkManager', { nic: { wifi: false, manager: 'NetworkManager' } }, 'enp4s0', 'managed by NetworkManager'],
  ['networkd', { nic: { wifi: false, manager: 'systemd-networkd' } }, 'enp4s0', 'managed by systemd-networkd'],
  ['a DHCP client', { nic: { wifi: false, manager: 'dhclient' } }, 'enp4s0', 'managed by dhclient'],
  [
    'a route of several ways',
    { routes: [{ family: 4, dst: 'default', dev: 'enp4s0', nexthops: [] } as unknown as Facts['routes'][number]] },
    'enp4s0',
    'has a nexthops, which eulab cannot move',
  ],
])('%s is refused', (_what, changes, uplink, why) => {
  expect(() => up(changes, uplink)).toThrow(why);
});

test("a tap of another's is not taken, unless this network was begun with it", () => {
  const wanted = { ...lab, tapUser: 'ada' };
  const seen = { ...facts, links: [card, { ...card, ifname: 'tap-ada', linkinfo: { info_kind: 'tun' } }] };
  expect(() => refuse(wanted, seen, { standing: false, force: true })).toThrow('tap-ada exists and was not made by eulab');
  refuse(wanted, seen, { standing: true, force: false });
});

test('what hurts nobody is not refused', () => {
  up({});
  up({ links: [card, bridge], routes: [{ family: 4, dst: '10.77.0.0/24', dev: 'vmbr0' }] });
  up({ routes: [{ family: 4, dst: '10.78.0.0/24', dev: 'docker0' }] });
  up({}, 'enp4s0');
  up({ nic: { wifi: false, manager: 'NetworkManager' } }, 'enp4s0', true);
});

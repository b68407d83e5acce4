import { expect, test } from 'vitest';
import type { Facts } from '../../../src/net/facts.ts';
import type { Lab } from '../../../src/net/lab.ts';
import { refuse } from '../../../src/net/refusal.ts';
import { vlanAsked } from '../../../src/net/vlan-refusal.ts';
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

test.each<[string, Partial<Facts>, Partial<Lab>, string]>([
  [
    'too long a name',
    { links: [{ ...card, ifname: 'enp4s0f1np1d1' }] },
    { uplink: 'enp4s0f1np1d1' },
    'enp4s0f1np1d1.20 is too long',
  ],
  [
    'an interface of others',
    { links: [card, { ...card, ifname: 'enp4s0.20' }] },
    {},
    'enp4s0.20 exists and was not made by eulab',
  ],
  ['a kernel without VLANs', { kernel: { tagging: false } }, {}, 'this kernel has no VLANs'],
  [
    'a kernel without filtering',
    { kernel: { filtering: false } },
    { vlan: { id: 20, mode: 'aware' } },
    'this kernel has no bridges that tell VLANs apart',
  ],
  [
    "an address of the host's",
    { routes: [{ family: 4, dst: '10.20.0.0/16', dev: 'tun0' }] },
    { vlan: { id: 20, mode: 'sub', address: '10.20.0.5/24' } },
    '10.20.0.5/24 overlaps 10.20.0.0/16',
  ],
])('a VLAN with %s is refused', (_what, changes, wanted, why) => {
  const whole: Lab = { ...lab, uplink: 'enp4s0', vlan: { id: 20, mode: 'sub' }, ...wanted };
  expect(() => refuse(whole, { ...facts, ...changes }, { standing: false, force: true })).toThrow(why);
});

test('options of a VLAN that do not go together', () => {
  expect(vlanAsked({})).toBeUndefined();
  expect(vlanAsked({ vlan: 20, uplink: 'enp4s0' })).toEqual({ id: 20, mode: 'sub' });
  expect(() => vlanAsked({ vlanMode: 'aware' })).toThrow('--vlan-mode is of no use without --vlan');
  expect(() => vlanAsked({ vlanAddress: '10.2.0.1/24' })).toThrow('--vlan-address is of no use');
  expect(() => vlanAsked({ vlan: 20 })).toThrow('VLAN 20 needs the card');
  expect(() => vlanAsked({ vlan: 1, vlanMode: 'aware', uplink: 'enp4s0' })).toThrow('VLAN 1 is what is untagged');
});

import { expect, test } from 'vitest';
import { addressArgs, network, overlaps, pool } from '../../../src/net/address.ts';
import { hardwareAddress, nftTable } from '../../../src/net/lab.ts';

test.each([
  ['10.0.0.0/8', '10.77.0.1/24', true],
  ['10.77.0.1/24', '10.77.0.0/16', true],
  ['10.77.0.255', '10.77.0.1/24', true],
  ['10.77.1.0', '10.77.0.1/24', false],
  ['192.168.0.0/25', '192.168.0.129/25', false],
  ['255.255.255.0/24', '0.0.0.0/8', false],
])('%s and %s overlap: %s', (one, other, expected) => {
  expect([overlaps(one, other), overlaps(other, one)]).toEqual([expected, expected]);
});

test.each([
  ['10.77.0.1/24', '10.77.0.0/24', ['10.77.0.128', '10.77.0.254']],
  ['172.16.5.9/12', '172.16.0.0/12', ['172.24.0.0', '172.31.255.254']],
  // The host's own address is given to nobody.
  ['10.0.0.254/24', '10.0.0.0/24', ['10.0.0.128', '10.0.0.253']],
  ['10.0.0.4/29', '10.0.0.0/29', ['10.0.0.5', '10.0.0.6']],
])('the network of %s is %s, and guests get %j', (address, net, range) => {
  expect([network(address), pool(address)]).toEqual([net, range]);
});

test('the words for an address keep lifetimes, peers, scopes and flags', () => {
  const lasting = { family: 'inet6', local: '2001:db8::7', prefixlen: 64, valid_life_time: 900, preferred_life_time: 0 };
  expect(addressArgs({ ...lasting, mngtmpaddr: true, noprefixroute: true }, 'vmbr0').join(' ')).toBe(
    '2001:db8::7/64 dev vmbr0 valid_lft 900 preferred_lft 0 mngtmpaddr noprefixroute',
  );
  const peer = { family: 'inet', local: '10.0.0.1', address: '10.0.0.2', prefixlen: 32, scope: 'link', metric: 7, protocol: 'x' };
  expect(addressArgs(peer, 'e').join(' ')).toBe('10.0.0.1 peer 10.0.0.2/32 scope link metric 7 proto x dev e');
});

test('names: a hardware address of its own for each bridge, a table name that nft takes', () => {
  expect(hardwareAddress('vmbr0')).toMatch(/^02:eb(:[0-9a-f]{2}){4}$/);
  expect(hardwareAddress('vmbr0')).not.toBe(hardwareAddress('vmbr1'));
  expect(nftTable('lab-2.5')).toBe('eulab_lab/2.5');
});

import * as v from 'valibot';
import { expect, test } from 'vitest';
import { forwardSchema, ipSchema, macSchema, nicSchema } from '../../src/net-values.ts';

const card = { net: { kind: 'user' }, model: 'virtio', ip: [], gateway: [], dns: [] };

test.each([
  ['user', card],
  ['none', 'none'],
  ['bridge', { ...card, net: { kind: 'bridge', name: 'vmbr0' } }],
  ['bridge:br-lan.20', { ...card, net: { kind: 'bridge', name: 'br-lan.20' } }],
  ['tap', { ...card, net: { kind: 'tap', name: undefined } }],
  ['tap:tap7,ip=dhcp', { ...card, net: { kind: 'tap', name: 'tap7' }, ip: ['dhcp'] }],
  ['user,model=e1000', { ...card, model: 'e1000' }],
  ['lab:a', { ...card, net: { kind: 'lab', name: 'a' } }],
  ['lab:a.b-c_1,mac=52:54:00:AA:00:01', { ...card, net: { kind: 'lab', name: 'a.b-c_1' }, mac: '52:54:00:aa:00:01' }],
  ['user,pcap=a,,b.pcap,mac=random', { ...card, pcap: 'a,b.pcap', mac: 'random' }],
  ['lab:a,lab-pcap=all.pcap', { ...card, net: { kind: 'lab', name: 'a' }, labPcap: 'all.pcap' }],
  [
    'user,ip=10.0.0.2/24,ip=fd00::2/64,gateway=10.0.0.1,dns=10.0.0.1,dns=fd00::1',
    { ...card, ip: ['10.0.0.2/24', 'fd00::2/64'], gateway: ['10.0.0.1'], dns: ['10.0.0.1', 'fd00::1'] },
  ],
])('the card %s', (text, expected) => {
  expect(v.parse(nicSchema, text)).toEqual(expected);
});

test.each([
  ['wifi', 'is none of user, none, lab:NAME'],
  ['', 'is none of user, none, lab:NAME'],
  ['none,model=e1000', 'is none of'],
  ['lab', 'is none of'],
  ['bridge:', 'which is no name'],
  ['tap:averyveryverylong', 'which is too long: Linux takes 15 characters'],
  ['bridge:a,,helper=/tmp/x', 'which is no name'],
  ['lab:', 'is none of'],
  ['lab:../up', 'is none of'],
  ['lab:.hidden', 'is none of'],
  [`lab:${'x'.repeat(33)}`, 'is none of'],
  ['user,modell=e1000', 'did you mean model?'],
  ['user,', 'which is none of model, mac, pcap, lab-pcap, ip, gateway, dns'],
  ['user,model=ne2k', 'model=ne2k, whose value is no card; there are virtio, e1000, rtl8139'],
  ['user,pcap', 'names no file'],
  ['user,ip=10.0.0.2', 'ip=10.0.0.2, whose value is not dhcp, none or ADDRESS/PREFIX'],
])('no card %j', (text, reason) => {
  expect(() => v.parse(nicSchema, text)).toThrow(reason);
});

test.each(['10.0.0.1/24', '0.0.0.0/0', '10.0.0.1/32', 'fd00::1/64', '::1/128', '::ffff:10.0.0.1/96', 'dhcp', 'none'])(
  'the address %s',
  (text) => {
    expect(v.parse(ipSchema, text)).toBe(text);
  },
);

test.each([
  '10.0.0/24',
  '10.0.0.256/24',
  '10.0.0.1/33',
  'fd00::1/129',
  'fd00:::1/64',
  'g::1/64',
  '10.0.0.1',
  '/24',
  '10.0.0.1/',
  '1.2.3.4/1/2',
])('no address %s', (text) => {
  expect(v.safeParse(ipSchema, text).success).toBe(false);
});

test.each([
  ['53:54:00:00:00:01', "a group's"],
  ['ff:ff:ff:ff:ff:ff', "a group's"],
  ['00:00:00:00:00:00', 'no address at all'],
  ['52:54:00:00:00', 'neither random nor six bytes'],
  ['52-54-00-00-00-01', 'neither random nor six bytes'],
])('no hardware address %s', (text, reason) => {
  expect(() => v.parse(macSchema, text)).toThrow(reason);
});

test.each([
  ['tcp:127.0.0.1:10022-:22', 'tcp:127.0.0.1:10022-:22'],
  ['tcp:10022-:22', 'tcp:127.0.0.1:10022-:22'],
  ['udp::53-10.0.2.15:5353', 'udp:127.0.0.1:53-10.0.2.15:5353'],
  ['tcp:0.0.0.0:80-:80', 'tcp:0.0.0.0:80-:80'],
])('the ports %s', (text, expected) => {
  expect(v.parse(forwardSchema, text)).toBe(expected);
});

test.each([
  ['10022:22', 'is not such as'],
  ['sctp:127.0.0.1:1-:2', 'is not such as'],
  ['tcp:127.0.0.1:0-:22', 'a port that is none'],
  ['tcp:127.0.0.1:10022-:65536', 'a port that is none'],
  ['tcp:127.0.0.256:10022-:22', 'no IPv4 address'],
  ['tcp:127.0.0.1:1-:2,hostfwd=tcp::3-:4', 'is not such as'],
])('no ports %s', (text, reason) => {
  expect(() => v.parse(forwardSchema, text)).toThrow(reason);
});

import { expect, test } from 'vitest';
import { macOf, type Nic, nicArgs, nicWords, orderWords, usualNic } from '../../../../src/boot/machine/nic.ts';

const lab: Nic = {
  ...usualNic,
  backend: { kind: 'lab', name: 'a', pcap: undefined },
  mac: { kind: 'given', address: '02:00:00:00:00:01' },
  guest: { addresses: ['10.1.0.1/24', 'fd00::1/64'], gateways: ['10.1.0.254'], dns: ['10.1.0.253', 'fd00::253'] },
};
const named: Nic['mac'] = { kind: 'named', seed: 'host/1000' };
const folder = '/run/user/1000/eulab/vm,1';

test.each<[string, Nic[], 'pci' | 'mmio', string[]]>([
  ['none', [], 'pci', []],
  ['the usual one', [usualNic], 'pci', ['-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile=']],
  ['without PCI', [usualNic], 'mmio', ['-netdev', 'user,id=net0', '-device', 'virtio-net-device,netdev=net0']],
  [
    'another model and address, with its packets in a file',
    [{ ...usualNic, model: 'e1000', mac: { kind: 'given', address: '52:54:00:00:00:09' }, pcap: '/tmp/a,b.pcap' }],
    'pci',
    [
      ...['-netdev', 'user,id=net0', '-device', 'e1000,netdev=net0,mac=52:54:00:00:00:09,romfile='],
      ...['-object', 'filter-dump,id=dump0,netdev=net0,file=/tmp/a,,b.pcap'],
    ],
  ],
  [
    'ports of the host',
    [{ ...usualNic, backend: { kind: 'user', forwards: ['tcp:127.0.0.1:10022-:22', 'udp:127.0.0.1:53-:53'] } }],
    'pci',
    [
      ...['-netdev', 'user,id=net0,hostfwd=tcp:127.0.0.1:10022-:22,hostfwd=udp:127.0.0.1:53-:53'],
      ...['-device', 'virtio-net-pci,netdev=net0,romfile='],
    ],
  ],
  [
    'a lab, and two user networks that differ',
    [lab, usualNic, usualNic],
    'pci',
    [
      ...['-netdev', `stream,id=net0,server=on,addr.type=unix,addr.path=/run/user/1000/eulab/vm,,1/net0`],
      ...['-device', 'virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,romfile='],
      ...['-netdev', 'user,id=net1', '-device', 'virtio-net-pci,netdev=net1,romfile='],
      ...['-netdev', 'user,id=net2,net=10.0.3.0/24', '-device', 'virtio-net-pci,netdev=net2,romfile='],
    ],
  ],
  [
    'a bridge, and a tap device without the kernel’s virtio-net, which nobody has under emulation',
    [
      { ...usualNic, backend: { kind: 'bridge', name: 'vmbr0', helper: '/usr/lib/a,b/helper' } },
      { ...usualNic, backend: { kind: 'tap', name: 'tap-me', vhost: true } },
    ],
    'mmio',
    [
      ...['-netdev', 'bridge,id=net0,br=vmbr0,helper=/usr/lib/a,,b/helper', '-device', 'virtio-net-device,netdev=net0'],
      ...['-netdev', 'tap,id=net1,ifname=tap-me,script=no,downscript=no', '-device', 'virtio-net-device,netdev=net1'],
    ],
  ],
])('cards: %s', (_what, net, bus, expected) => {
  expect(nicArgs({ net, bus, folder, accel: 'tcg' })).toEqual(expected);
});

test('the file of a tap device has frames, as others know them: QEMU before 8.0 would put a header of its own before each', () => {
  const tap: Nic = { ...usualNic, backend: { kind: 'tap', name: 't', vhost: false }, pcap: '/p' };
  expect(nicArgs({ net: [tap], bus: 'mmio', folder, accel: 'tcg' })).toContain(
    'tap,id=net0,ifname=t,script=no,downscript=no,vnet_hdr=off',
  );
});

test('under KVM the host’s kernel moves the packets of a tap device that says so', () => {
  const tap = (vhost: boolean): Nic => ({ ...usualNic, backend: { kind: 'tap', name: 't', vhost } });
  const [, first, , , , second] = nicArgs({ net: [tap(true), tap(false)], bus: 'mmio', folder, accel: 'kvm' });
  expect([first, second]).toEqual([
    'tap,id=net0,ifname=t,script=no,downscript=no,vhost=on',
    'tap,id=net1,ifname=t,script=no,downscript=no',
  ]);
});

test('the guest hears of each card, and of their order where there are several', () => {
  expect(nicWords([])).toEqual(['eulab.ip=none']);
  expect(nicWords([usualNic])).toEqual(['eulab.ip=10.0.2.15/24', 'eulab.gateway=10.0.2.2', 'eulab.dns=10.0.2.3']);
  const dhcp: Nic = { ...usualNic, mac: named, guest: { addresses: 'dhcp', gateways: [], dns: [] } };
  expect(nicWords([lab, dhcp])).toEqual([
    ...['eulab.ip=10.1.0.1/24,fd00::1/64', 'eulab.gateway=10.1.0.254', 'eulab.dns=10.1.0.253,fd00::253', 'eulab.ip.1=dhcp'],
  ]);
  expect(orderWords({ net: [usualNic], folder })).toEqual([]);
  expect(orderWords({ net: [lab, dhcp], folder })).toEqual([`eulab.mac=02:00:00:00:00:01,${macOf(named, 'vm,1', 1)}`]);
});

test('an address by name is the same each time, locally administered, of one card, and no other’s', () => {
  expect(macOf(named, 'vm1', 0)).toBe(macOf(named, 'vm1', 0));
  expect(macOf({ kind: 'default' }, 'vm1', 0)).toBeUndefined();
  const names = Array.from({ length: 200 }, (_, index) => `vm${index}`);
  const seeds = ['host/1000', 'host/1001', 'other/1000'];
  const all = seeds.flatMap((seed) =>
    names.flatMap((name) => [0, 1].map((index) => macOf({ kind: 'named', seed }, name, index))),
  );
  for (const address of all) expect(address).toMatch(/^02:eb(:[0-9a-f]{2}){4}$/);
  expect(new Set(all).size).toBe(all.length);
});

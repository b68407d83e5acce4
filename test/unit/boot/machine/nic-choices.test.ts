import { expect, test } from 'vitest';
import { type Backend, usualNic } from '../../../../src/boot/machine/nic.ts';
import { cardChoices } from '../../../../src/boot/machine/nic-choices.ts';

test('--explain says which network each card is in, unless it is the usual one', () => {
  const on = (backend: Backend) => ({ ...usualNic, backend });
  const net = [
    on({ kind: 'user', forwards: [] }),
    on({ kind: 'lab', name: 'a', pcap: undefined }),
    on({ kind: 'bridge', name: 'vmbr0', helper: '/usr/lib/h' }),
    on({ kind: 'tap', name: 'tap-me', vhost: false }),
  ];
  expect(cardChoices([usualNic])).toEqual([]);
  expect(cardChoices([]).map(({ what, value }) => [what, value])).toEqual([['network', 'none']]);
  expect(cardChoices(net).map(({ what, value }) => [what, value])).toEqual([
    ['eth0', 'user, virtio'],
    ['eth1', 'lab:a, virtio'],
    ['eth2', 'bridge:vmbr0, virtio'],
    ['eth3', 'tap:tap-me, virtio'],
  ]);
});

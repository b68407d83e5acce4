import type { NicModel } from '../../net-values.ts';

/** What of a machine needs a driver in the guest. */
export interface Driven {
  readonly bus: 'pci' | 'mmio';
  readonly cards: readonly NicModel[];
  /** A card gets its address by DHCP, for which a client needs packets as they are. */
  readonly dhcp: boolean;
  readonly disks: boolean;
  readonly shares: boolean;
  readonly rng: boolean;
  readonly vsock: boolean;
}

const cardDrivers: Readonly<Record<NicModel, string>> = { virtio: 'virtio_net', e1000: 'e1000', rtl8139: '8139cp' };

/**
 * The modules by name that a kernel may have for the devices of a machine, in the order in which they are loaded: for a kernel of
 * a distribution, which has them as modules and not in itself. ext4 comes with disks: it is what ours have. Pure.
 */
export function driversOf({ bus, cards, dhcp, disks, shares, rng, vsock }: Driven): string[] {
  return [
    bus === 'pci' ? 'virtio_pci' : 'virtio_mmio',
    'virtio_console',
    ...new Set(cards.map((model) => cardDrivers[model])),
    ...(dhcp ? ['af_packet'] : []),
    ...(rng ? ['virtio_rng'] : []),
    ...(disks ? ['virtio_blk', 'ext4'] : []),
    ...(shares ? ['9pnet_virtio', '9p'] : []),
    ...(vsock ? ['vmw_vsock_virtio_transport'] : []),
  ];
}

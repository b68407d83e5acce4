import type { NicModel } from '../../net-values.ts';
import { optionValue } from './option-value.ts';
import type { Bus } from './recipe.ts';

/** Where the other end of a card's cable is. */
export type Backend =
  | {
      readonly kind: 'user';
      /** Ports of the host that lead into the guest, in QEMU's form. */
      readonly forwards: readonly string[];
    }
  | {
      /** A switch of ours, with the machines of this user that name the same one. */
      readonly kind: 'lab';
      readonly name: string;
      /** The file for every frame of that switch. */
      readonly pcap: string | undefined;
    }
  | {
      /** A bridge of the host's, on which a program with the right to it makes a tap device for each start. */
      readonly kind: 'bridge';
      readonly name: string;
      readonly helper: string;
    }
  | {
      /** A tap device of the host's that is this user's. */
      readonly kind: 'tap';
      readonly name: string;
      /** Its packets are moved by the host's kernel, where KVM runs the guest: nobody may want to see them in QEMU then. */
      readonly vhost: boolean;
    };

/**
 * A card's own address: QEMU's default; one that was given; or one by the machine's name, the same at each start of it. `seed`
 * sets the machines of that name on other hosts apart.
 */
export type Mac =
  | { readonly kind: 'default' }
  | { readonly kind: 'given'; readonly address: string }
  | { readonly kind: 'named'; readonly seed: string };

/** What the guest does with a card. */
export interface GuestNet {
  /** ADDRESS/PREFIX each, of IPv4 and IPv6. */
  readonly addresses: 'dhcp' | 'none' | readonly string[];
  readonly gateways: readonly string[];
  readonly dns: readonly string[];
}

/** A network card: the guest has them as eth0, eth1 and so on. */
export interface Nic {
  readonly backend: Backend;
  readonly model: NicModel;
  readonly mac: Mac;
  /** The file for what goes through this card. */
  readonly pcap: string | undefined;
  readonly guest: GuestNet;
}

/** Where QEMU's user network puts its guest: known, so that nobody has to wait for DHCP. @see qemu(1), "-netdev user" */
export const userGuest: GuestNet = { addresses: ['10.0.2.15/24'], gateways: ['10.0.2.2'], dns: ['10.0.2.3'] };

/** What a machine has unless it is told otherwise. */
export const usualNic: Nic = {
  backend: { kind: 'user', forwards: [] },
  model: 'virtio',
  mac: { kind: 'default' },
  pcap: undefined,
  guest: userGuest,
};

/** What the cards depend on of the machine that they are in. */
export interface Chassis {
  readonly net: readonly Nic[];
  readonly bus: Bus;
  readonly accel: 'kvm' | 'tcg';
  /** Its last part is the machine's name. */
  readonly folder: string;
}

/** The socket of a card that is in a lab. Pure. */
export function cableSocket(folder: string, index: number): string {
  return `${folder}/net${index}`;
}

/**
 * QEMU's options for the cards. Pure.
 *
 * A card in a lab has a socket in the machine's folder, to which the switch comes: QEMU waits for the next one when a switch
 * goes away.
 *
 * @see qemu(1), "-netdev stream", "-netdev bridge", "-netdev tap", "-object filter-dump"
 */
export function nicArgs(chassis: Chassis): string[] {
  const { net, bus, folder } = chassis;
  return net.flatMap((nic, index) => {
    const id = `net${index}`;
    const address = macOf(nic.mac, nameOf(folder), index);
    // No option ROM: nobody boots from this card, and loading it takes longer than the rest of the firmware.
    const properties = [deviceOf(nic.model, bus), `netdev=${id}`, ...mac(address), ...(bus === 'pci' ? ['romfile='] : [])];
    const dump =
      nic.pcap === undefined ? [] : ['-object', `filter-dump,id=dump${index},netdev=${id},file=${optionValue(nic.pcap)}`];
    return ['-netdev', netdev(nic, chassis, index), '-device', properties.join(','), ...dump];
  });
}

function mac(address: string | undefined): string[] {
  return address === undefined ? [] : [`mac=${address}`];
}

function deviceOf(model: NicModel, bus: Bus): string {
  if (model !== 'virtio') return model;
  return bus === 'pci' ? 'virtio-net-pci' : 'virtio-net-device';
}

function netdev({ backend, pcap }: Nic, { net, accel, folder }: Chassis, index: number): string {
  const id = `id=net${index}`;
  switch (backend.kind) {
    case 'user': {
      const before = usersBefore(net, index);
      // The first has QEMU's own network; two of the same would be one to the guest's routes.
      const own = before === 0 ? [] : [`net=10.0.${2 + before}.0/24`];
      return ['user', id, ...own, ...backend.forwards.map((forward) => `hostfwd=${forward}`)].join(',');
    }
    case 'lab':
      return `stream,${id},server=on,addr.type=unix,addr.path=${optionValue(cableSocket(folder, index))}`;
    case 'bridge':
      return `bridge,${id},br=${backend.name},helper=${optionValue(backend.helper)}`;
    case 'tap': {
      const vhost = backend.vhost && accel === 'kvm' ? ',vhost=on' : '';
      // QEMU before 8.0 writes virtio's header, which others do not know, before each frame of the file.
      const plain = pcap === undefined ? '' : ',vnet_hdr=off';
      return `tap,${id},ifname=${backend.name},script=no,downscript=no${vhost}${plain}`;
    }
  }
}

/** How many cards before this one are in a network of QEMU's. Pure. */
export function usersBefore(net: readonly { readonly backend: Pick<Backend, 'kind'> }[], index: number): number {
  return net.slice(0, index).filter(({ backend }) => backend.kind === 'user').length;
}

/** The words of the kernel's command line that tell the guest what to do with its cards. Pure. */
export function nicWords(net: readonly Nic[]): string[] {
  if (net.length === 0) return ['eulab.ip=none'];
  return net.flatMap(({ guest: { addresses, gateways, dns } }, index) => {
    const word = (key: string, values: readonly string[]) =>
      values.length === 0 ? [] : [`eulab.${key}${index === 0 ? '' : `.${index}`}=${values.join(',')}`];
    const own = typeof addresses === 'string' ? [addresses] : addresses;
    return [...word('ip', own), ...word('gateway', gateways), ...word('dns', dns)];
  });
}

/**
 * The words that tell the guest which card is which, by their addresses: kernels number cards of several kinds by the order of
 * their drivers. None where there is only one. Pure.
 */
export function orderWords({ net, folder }: Pick<Chassis, 'net' | 'folder'>): string[] {
  if (net.length < 2) return [];
  return [`eulab.mac=${net.map((nic, index) => macOf(nic.mac, nameOf(folder), index)).join(',')}`];
}

/**
 * A card's address; undefined for QEMU's own. Pure.
 *
 * One by name is locally administered and of one card (02). Two names never give the same unless their hashes do, which
 * are 32 bits long.
 */
export function macOf(mac: Mac, name: string, index: number): string | undefined {
  switch (mac.kind) {
    case 'default':
      return undefined;
    case 'given':
      return mac.address;
    case 'named': {
      const hash = fnv1a(`${mac.seed}/${index}/${name}`);
      const bytes = [24, 16, 8, 0].map((shift) => (hash >>> shift) & 0xff);
      return [0x02, 0xeb, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    }
  }
}

/** @see FNV-1a, 32 bits: names that differ in their last letter only never collide */
function fnv1a(text: string): number {
  return Buffer.from(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}

import type { Link } from './facts.ts';

/** The network that is wanted; the same words make the same network. */
export interface Lab {
  readonly bridge: string;
  /** The host's own ADDRESS/PREFIX on an isolated bridge. */
  readonly address: string;
  /** The NIC that joins the bridge; undefined for a bridge of the guests' own. */
  readonly uplink?: string;
  readonly vlan?: Vlan;
  readonly nat: boolean;
  readonly dhcp: boolean;
  /** Who gets a tap device on the bridge. */
  readonly tapUser?: string;
  /** Who may have QEMU join the bridge by its helper, and where that is when it is not in its usual place. */
  readonly bridgeUser?: string;
  readonly bridgeHelper?: string;
  /** Where the journal, the leases and the like lie. */
  readonly state: string;
}

/** The VLAN that guests are in. */
export interface Vlan {
  readonly id: number;
  /** An interface of the VLAN on the card joins the bridge, or the card itself, as trunk. */
  readonly mode: 'sub' | 'aware';
  /** The host's own ADDRESS/PREFIX in it. */
  readonly address?: string;
}

/** The card whose addresses and routes move to the bridge. */
export function movedCard({ uplink, vlan }: Lab): string | undefined {
  return vlan?.mode === 'sub' ? undefined : uplink;
}

/**
 * The interface group of our bridges, set when they are born: what is in no such group is not ours.
 *
 * @see ip-link(8), group
 */
export const group = '962987';

/** Whether an interface is a bridge that eulab made. */
export function ours(link: Link | undefined): boolean {
  return link?.group === group && link.linkinfo?.info_kind === 'bridge';
}

/** What the bridge says of itself, for people, and for `net down` when the journal is lost. */
export function alias({ uplink, vlan }: Pick<Lab, 'uplink' | 'vlan'>): string {
  const tagged = vlan === undefined ? '' : ` vlan ${vlan.id} ${vlan.mode}`;
  return uplink === undefined ? 'eulab isolated' : `eulab uplink ${uplink}${tagged}`;
}

/** The NIC and the VLAN that an alias names. */
export function named(text: string | undefined): Pick<Lab, 'uplink' | 'vlan'> {
  const [, uplink, id, mode] = /^eulab uplink (\S+)(?: vlan (\d+) (sub|aware))?$/.exec(text ?? '') ?? [];
  if (uplink === undefined) return {};
  if (id === undefined) return { uplink };
  return { uplink, vlan: { id: Number(id), mode: mode === 'aware' ? 'aware' : 'sub' } };
}

/** The tap device of a user, in the 15 characters that a name may have. */
export function tapOf(user: string): string {
  return `tap-${user}`.slice(0, 15);
}

/** The comment of our iptables rules. */
export function comment({ bridge }: Lab): string {
  return `eulab:${bridge}`;
}

/** Our nft table for a bridge. A dash, which nft knows in no name, is a slash, which is in no interface's. */
export function nftTable(bridge: string): string {
  return `eulab_${bridge.replaceAll('-', '/')}`;
}

/** A hardware address of its own, locally administered, the same for the same name. */
export function hardwareAddress(name: string): string {
  return `02:eb:${hashed(name).match(/../g)?.join(':')}`;
}

/** The two ends of a detour's cable: what enters at `entry` comes out at `port`, which is a port of the bridge. */
export function detourNames(bridge: string): { readonly entry: string; readonly port: string } {
  return { entry: `detour-${hashed(bridge)}`, port: `bypass-${hashed(bridge)}` };
}

/** Eight hexadecimal digits. */
function hashed(name: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

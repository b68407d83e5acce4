import type { Link } from './facts.ts';

/** The network that is wanted; the same words make the same network. */
export interface Lab {
  readonly bridge: string;
  /** The host's own ADDRESS/PREFIX on an isolated bridge. */
  readonly address: string;
  /** The NIC that joins the bridge; undefined for a bridge of the guests' own. */
  readonly uplink?: string;
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
export function alias({ uplink }: Lab): string {
  return uplink === undefined ? 'eulab isolated' : `eulab uplink ${uplink}`;
}

/** The NIC that an alias names. */
export function uplinkOf(text: string | undefined): string | undefined {
  return /^eulab uplink (\S+)$/.exec(text ?? '')?.[1];
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
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `02:eb:${hash.toString(16).padStart(8, '0').match(/../g)?.join(':')}`;
}

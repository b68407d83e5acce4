import type { Journal } from './journal.ts';
import type { Permission } from './permission.ts';

/** A network interface, as `ip -j -d link show` tells it. */
export interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly operstate: string;
  readonly group: string;
  readonly link_type: string;
  readonly address?: string;
  /** The bridge, bond or the like whose port it is. */
  readonly master?: string;
  /** The interface that a VLAN's is on. */
  readonly link?: string;
  readonly ifalias?: string;
  readonly inet6_addr_gen_mode?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: InfoData };
}

/** What is told of a tap, a bridge, or a VLAN's interface. */
export interface InfoData {
  readonly user?: string;
  readonly vlan_filtering?: number;
  readonly vlan_default_pvid?: number;
  readonly id?: number;
}

/** A VLAN of a bridge's port: whether what comes in untagged is of it, and whether what goes out is untagged. */
export interface PortVlan {
  readonly vid: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

/** An address of an interface, as `ip -j addr show` tells it. */
export interface Address {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  /** The other end of a point-to-point link. */
  readonly address?: string;
  readonly broadcast?: string;
  readonly scope?: string;
  readonly label?: string;
  readonly metric?: number;
  readonly protocol?: string;
  readonly dynamic?: boolean;
  readonly noprefixroute?: boolean;
  readonly mngtmpaddr?: boolean;
  /** One of privacy extensions, which the kernel makes by itself. */
  readonly temporary?: boolean;
  /** Taken without asking whether another has it. */
  readonly nodad?: boolean;
  readonly valid_life_time?: number;
  readonly preferred_life_time?: number;
}

/** A route, as `ip -j route show table all` tells it; what is not named here is one that eulab cannot move. */
export interface Route {
  readonly family: 4 | 6;
  readonly dst: string;
  readonly dev?: string;
  readonly type?: string;
  readonly gateway?: string;
  readonly via?: { readonly family: string; readonly host: string };
  readonly protocol?: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly table?: string;
  readonly flags?: readonly string[];
  readonly metrics?: readonly Readonly<Record<string, unknown>>[];
  readonly pref?: string;
  readonly expires?: number;
}

/** A neighbour whose hardware address is known, as `ip -j neigh show` tells it. */
export interface Neighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state: readonly string[];
}

/** One of the programs iptables and ip6tables, and the rules of ours among its own. */
export interface Filter {
  readonly program: 'iptables' | 'ip6tables';
  /** What is done with a forwarded packet that no rule takes. */
  readonly drops: boolean;
  /** Whether it sees the packets between two ports of one bridge. */
  readonly bridged: boolean;
  /** Its rules, as `-S` prints them, without quotes: those of FORWARD, and of POSTROUTING in the table nat. */
  readonly forward: readonly string[];
  readonly postrouting: readonly string[];
}

/** The host's network as it is: read by probe.ts, never changed. */
export interface Facts {
  readonly links: readonly Link[];
  /** By the name of the interface. */
  readonly addresses: Readonly<Record<string, readonly Address[]>>;
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  /** Values by their path below /proc/sys. */
  readonly sysctls: Readonly<Record<string, string>>;
  /**
   * Undefined when there is no nft; `table` is its listing of ours, undefined when there is none. With a card that moves also:
   * whether a detour stands, and whether the kernel can make one (undefined when only root could tell).
   */
  readonly nft: { readonly table: string | undefined; readonly detour?: boolean; readonly redirects?: boolean } | undefined;
  readonly filters: readonly Filter[];
  /** Whether dnsmasq is installed, and the one that serves our bridge. */
  readonly dnsmasq: { readonly installed: boolean; readonly pid?: number; readonly args?: readonly string[] };
  readonly nic: { readonly wifi: boolean; readonly manager: string | undefined };
  /** Undefined when no user was to have any. */
  readonly permission?: Permission;
  /** What stands beside: the journals of our other bridges. */
  readonly others: readonly Journal[];
  /** By the name of the port; a bridge that tells VLANs apart is one itself. */
  readonly vlans: Readonly<Record<string, readonly PortVlan[]>>;
  /** Whether the kernel has interfaces of VLANs, and bridges that tell them apart; undefined where nobody asked. */
  readonly kernel: { readonly tagging?: boolean; readonly filtering?: boolean };
  /** Whether the rules of nft and iptables could be seen. */
  readonly root: boolean;
}

/** The interface of a name. */
export function linkOf(facts: Facts, name: string): Link | undefined {
  return facts.links.find(({ ifname }) => ifname === name);
}

/** The addresses of an interface. */
export function addressesOf(facts: Facts, name: string): readonly Address[] {
  return facts.addresses[name] ?? [];
}

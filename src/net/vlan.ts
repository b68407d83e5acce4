import type { Command } from '../command.ts';
import { hostAddress } from './bridge.ts';
import { type Facts, type Link, linkOf, type PortVlan } from './facts.ts';
import { detourNames, group, type Lab, tapOf, type Vlan } from './lab.ts';
import { type Resource, repairs, root, setLink, sysctl } from './resource.ts';

/** The VLAN of what is untagged on a trunk: the host's own network. */
export const nativeVlan = 1;

/** The interface of a VLAN on another interface. */
export function vlanName(on: string, { id }: Vlan): string {
  return `${on}.${id}`;
}

/**
 * What joins guests to a VLAN, beside the bridge. Pure. Mode `sub`: an interface of the VLAN on the card is the bridge's port, and
 * nothing of the host's moves. Mode `aware`: the card has joined, and is a trunk. Nothing without a VLAN.
 */
export function vlan(lab: Lab, facts: Facts): Resource[] {
  const { vlan: wanted, uplink } = lab;
  if (wanted === undefined || uplink === undefined) return [];
  const { address } = wanted;
  if (wanted.mode === 'sub') {
    const port = tagged(uplink, wanted, facts, lab.bridge);
    const leg = address === undefined ? [] : [hostAddress({ bridge: lab.bridge, address }, facts)];
    return [{ ...port, make: [...mute(facts, lab.bridge), ...port.make] }, ...leg];
  }
  const leg = vlanName(lab.bridge, wanted);
  const own = address === undefined ? [] : [tagged(lab.bridge, wanted, facts), hostAddress({ bridge: leg, address }, facts)];
  return [trunk(lab, uplink, wanted, facts), ...own];
}

/** The interface of a VLAN, which is the port of a bridge or the host's own. It goes with the one that it is on. */
function tagged(on: string, wanted: Vlan, facts: Facts, bridge?: string): Resource {
  const name = vlanName(on, wanted);
  const link = linkOf(facts, name);
  const { make, faults, mend } = repairs(link !== undefined);
  if (link === undefined) {
    const kind = ['type', 'vlan', 'id', String(wanted.id)];
    make.push(root('ip', 'link', 'add', 'link', on, 'name', name, 'group', group, ...kind));
  }
  mend(link === undefined || link.group === group, 'is not marked as ours', setLink(name, 'group', group));
  make.push(...mute(facts, name));
  if (bridge !== undefined) mend(link?.master === bridge, `is no port of ${bridge}`, setLink(name, 'master', bridge));
  mend(link?.flags.includes('UP') === true, 'is down', setLink(name, 'up'));
  const remove = link === undefined ? [] : [root('ip', 'link', 'delete', 'dev', name)];
  return { name: `VLAN ${wanted.id} of ${on}, ${name}`, make, remove, faults };
}

/** Nobody in the VLAN gives the host an IPv6 address or a route by it. @see Documentation/networking/ip-sysctl.rst, disable_ipv6 */
function mute(facts: Facts, name: string): Command[] {
  const path = (part: string) => `net/ipv6/conf/${part}/disable_ipv6`;
  const value = facts.sysctls[path(name)] ?? facts.sysctls[path('default')];
  return value === undefined || value === '1' ? [] : [sysctl(path(name), '1')];
}

/**
 * The bridge's VLANs: the card is a trunk with the host's network untagged and the guests' tagged, and what joins later, such as
 * the tap of a helper that knows no VLANs, is in the guests'.
 *
 * A bridge is born with 1 for all. Changing that moves every port that is still as it was born, and the bridge itself: the card
 * is none of them since it has the other VLAN too, and for the moment so has the bridge. So no packet of the host's is lost.
 *
 * @see bridge(8), ip-link(8), vlan_default_pvid
 */
function trunk(lab: Lab, nic: string, { id, address }: Vlan, facts: Facts): Resource {
  const { bridge: name } = lab;
  const link = linkOf(facts, name);
  const data = link?.linkinfo?.info_data;
  const birth = data?.vlan_default_pvid ?? nativeVlan;
  const born: readonly PortVlan[] = [{ vid: birth, pvid: true, untagged: true }];
  const of = (port: string, joined: boolean) => (joined ? (facts.vlans[port] ?? []) : born);
  const self = of(name, link !== undefined);
  const card = of(nic, linkOf(facts, nic)?.master === name);
  const { make, faults, mend } = repairs(link !== undefined);
  const member = (verb: 'add' | 'del', port: string, vid: number, ...words: readonly string[]) =>
    root('bridge', 'vlan', verb, 'dev', port, 'vid', String(vid), ...words);
  const set = (key: string, value: number) => setLink(name, 'type', 'bridge', key, String(value));
  mend(
    own(self, nativeVlan),
    `${name} is not in VLAN ${nativeVlan}`,
    member('add', name, nativeVlan, 'pvid', 'untagged', 'self'),
  );
  mend(own(card, nativeVlan), `${nic} is not in VLAN ${nativeVlan}`, member('add', nic, nativeVlan, 'pvid', 'untagged'));
  mend(carries(card, id), `${nic} does not carry VLAN ${id}`, member('add', nic, id));
  const guarded = birth !== id && !self.some(({ vid }) => vid === id);
  const leg = address !== undefined;
  mend(
    !guarded && (!leg || carries(self, id)),
    leg ? `${name} does not carry VLAN ${id}` : undefined,
    member('add', name, id, 'self'),
  );
  mend(birth === id, `new ports come into VLAN ${birth}`, set('vlan_default_pvid', id));
  const there = guarded || self.some(({ vid }) => vid === id);
  mend(!there || leg || listens(facts, name, id), `${name} is in VLAN ${id}`, member('del', name, id, 'self'));
  for (const port of stray(lab, id, facts)) mend(false, `${port} is in no VLAN`, member('add', port, id, 'pvid', 'untagged'));
  mend(link === undefined || data?.vlan_filtering === 1, 'does not tell VLANs apart', set('vlan_filtering', 1));
  return { name: `VLAN ${id} on ${name}`, make, remove: [], faults };
}

/** Whether what is untagged is of this VLAN, in and out. */
const own = (all: readonly PortVlan[], id: number) => all.some(({ vid, pvid, untagged }) => vid === id && pvid && untagged);

/** Whether this VLAN is tagged. */
const carries = (all: readonly PortVlan[], id: number) => all.some(({ vid, pvid, untagged }) => vid === id && !pvid && !untagged);

/** Whether somebody has an interface of this VLAN on the bridge. */
function listens(facts: Facts, bridge: string, id: number): boolean {
  return facts.links.some((link: Link) => link.link === bridge && link.linkinfo?.info_data?.id === id);
}

/** Ports of guests that are in no VLAN; one that was put into another is its owner's choice, but for our own tap. */
function stray({ bridge, uplink, tapUser }: Lab, id: number, facts: Facts): string[] {
  const tap = tapUser === undefined ? undefined : tapOf(tapUser);
  const others = [uplink, detourNames(bridge).port];
  const ports = facts.links
    .filter(({ master, ifname }) => master === bridge && !others.includes(ifname))
    .map(({ ifname }) => ifname);
  return ports.filter((port) => {
    const all = facts.vlans[port] ?? [];
    return all.length === 0 || (port === tap && !own(all, id));
  });
}

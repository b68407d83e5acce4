import type { Command } from '../command.ts';
import { addressesOf, type Facts, linkOf } from './facts.ts';
import { alias, group, hardwareAddress, type Lab, ours } from './lab.ts';
import { type Resource, repairs, root, setLink, sysctl } from './resource.ts';

/**
 * The bridge itself. With a NIC it has the NIC's hardware address and MTU, for the LAN's sake, and makes no addresses of its
 * own: it gets the NIC's. No spanning tree: its delay would cut the host off for half a minute. Pure.
 *
 * The address is said at birth, or it would change with the ports that come and go. So is the group: there is no moment in
 * which the bridge is not marked as ours.
 */
export function bridge(lab: Lab, facts: Facts): Resource {
  const name = lab.bridge;
  const link = linkOf(facts, name);
  const stands = ours(link);
  const nic = lab.uplink === undefined ? undefined : linkOf(facts, lab.uplink);
  const mtu = nic?.mtu;
  const { make, faults, mend } = repairs(stands);
  if (!stands) make.push(birth(lab, nic?.address ?? hardwareAddress(name), mtu));
  mend(link?.ifalias === alias(lab), 'does not say whose it is', setLink(name, 'alias', alias(lab)));
  if (nic !== undefined) {
    const none = link?.inet6_addr_gen_mode === 'none';
    mend(none, 'makes addresses of its own', setLink(name, 'addrgenmode', 'none'));
    const path = `net/ipv4/conf/${name}/rp_filter`;
    mend(!strict(facts, 'default') || facts.sysctls[path] === '2', 'drops what comes by another way', sysctl(path, '2'));
    const rightMtu = !stands || mtu === undefined || link?.mtu === mtu;
    mend(rightMtu, `has the MTU ${link?.mtu}`, setLink(name, 'mtu', String(mtu)));
  }
  mend(link?.flags.includes('UP') === true, 'is down', setLink(name, 'up'));
  return {
    name: `bridge ${name}`,
    make,
    remove: stands ? [root('ip', 'link', 'delete', 'dev', name)] : [],
    faults,
  };
}

/**
 * Whether packets that come in by another interface than the answer would go out by are dropped: on `interface`, or on one
 * that is new (`default`). During the move they do.
 *
 * @see Documentation/networking/ip-sysctl.rst, rp_filter
 */
export function strict(facts: Facts, name: string): boolean {
  const value = (part: string) => Number(facts.sysctls[`net/ipv4/conf/${part}/rp_filter`] ?? 0);
  return Math.max(value('all'), value(name)) === 1;
}

function birth({ bridge: name, vlan }: Lab, address: string, mtu: number | undefined): Command {
  const size = mtu === undefined ? [] : ['mtu', String(mtu)];
  const kind = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
  if (vlan?.mode === 'aware') kind.push('vlan_filtering', '1', 'vlan_default_pvid', '1');
  return root('ip', 'link', 'add', 'name', name, 'address', address, 'group', group, ...size, ...kind);
}

/** The host's address on an isolated bridge; it goes with the bridge. Pure. */
export function hostAddress(lab: Pick<Lab, 'address' | 'bridge'>, facts: Facts): Resource {
  const [local, prefix] = lab.address.split('/');
  const stands = addressesOf(facts, lab.bridge).some((one) => one.local === local && String(one.prefixlen) === prefix);
  return {
    name: `address ${lab.address}`,
    make: stands ? [] : [root('ip', 'addr', 'add', lab.address, 'broadcast', '+', 'dev', lab.bridge)],
    remove: stands ? [root('ip', 'addr', 'del', lab.address, 'dev', lab.bridge)] : [],
    faults: [],
  };
}

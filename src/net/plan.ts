import { bridge, hostAddress } from './bridge.ts';
import { dhcp } from './dhcp.ts';
import { type Facts, linkOf } from './facts.ts';
import type { Journal } from './journal.ts';
import { group, type Lab, movedCard, named, ours } from './lab.ts';
import { forwarding, forwardingPath, nat, passage, switched } from './nat.ts';
import { type Permission, permission } from './permission.ts';
import type { Resource } from './resource.ts';
import { tap } from './tap.ts';
import { rebuilt, snapshot, uplink } from './uplink.ts';
import { vlan } from './vlan.ts';

/**
 * The network's resources, in the order in which they are made; they are removed in reverse. Pure: `facts` is the host as it
 * is, `journal` what it was before eulab changed it.
 */
export function resources(journal: Journal, facts: Facts): Resource[] {
  const { lab } = journal;
  return [...network(journal, facts), ...permission(lab, facts, journal.permission)];
}

function network({ lab, sysctls, uplink: saved }: Journal, facts: Facts): Resource[] {
  if (saved !== undefined)
    return [bridge(lab, facts), uplink(lab, facts, saved), ...vlan(lab, facts), ...tap(lab, facts), ...passage(lab, facts)];
  if (lab.uplink !== undefined) return [bridge(lab, facts), ...vlan(lab, facts), ...tap(lab, facts), ...passage(lab, facts)];
  return [
    bridge(lab, facts),
    hostAddress(lab, facts),
    ...tap(lab, facts),
    ...(lab.nat ? [forwarding(facts, sysctls), nat(lab, facts)] : []),
    ...passage(lab, facts),
    ...(lab.dhcp ? [dhcp(lab, facts)] : []),
  ];
}

/** The journal of a network that is to be made: what the host is now, and was before others of ours changed it. Pure. */
export function begin(lab: Lab, facts: Facts): Journal {
  const earlier = facts.others.find((other) => other.permission !== undefined)?.permission;
  const before = lab.bridgeUser === undefined ? undefined : rights(facts.permission, earlier);
  return { ...start(lab, facts), ...(before === undefined ? {} : { permission: before }) };
}

/** What is here now, but for the rights that another bridge of ours has changed already. */
function rights(now: Permission | undefined, earlier: Permission | undefined): Permission | undefined {
  if (now === undefined || earlier === undefined) return now;
  return { ...now, helper: earlier.helper, tun: earlier.tun };
}

function start(lab: Lab, facts: Facts): Journal {
  const moved = movedCard(lab);
  if (moved !== undefined) return { version: 1, lab, sysctls: {}, uplink: snapshot(facts, moved) };
  if (lab.uplink !== undefined) return { version: 1, lab, sysctls: {} };
  const before = facts.others.map(({ sysctls }) => sysctls);
  const now = Object.entries(facts.sysctls).filter(([path]) => path === forwardingPath || switched(path));
  return { version: 1, lab, sysctls: Object.assign({}, Object.fromEntries(now), ...before.toReversed()) };
}

/** The journal of what stands, when the real one is lost: the bridge tells its NIC; the kernel settings stay as they are. Pure. */
export function recovered(lab: Lab, facts: Facts): Journal {
  const link = linkOf(facts, lab.bridge);
  const said = ours(link) ? named(link?.ifalias) : {};
  const owner = facts.links.find((one) => one.group === group && one.master === lab.bridge && one.linkinfo?.info_kind === 'tun')
    ?.linkinfo?.info_data?.user;
  const found = { ...lab, ...said, ...(owner === undefined ? {} : { tapUser: owner }) };
  const nic = movedCard(found);
  if (nic === undefined) return { version: 1, lab: found, sysctls: {} };
  return { version: 1, lab: found, sysctls: {}, uplink: rebuilt(facts, nic, lab.bridge) };
}

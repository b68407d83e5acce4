import type { Command } from '../command.ts';
import { addressArgs, sameAddress } from './address.ts';
import { strict } from './bridge.ts';
import { detour, untilUp } from './detour.ts';
import { type Address, addressesOf, type Facts, linkOf, type Neighbour, type Route } from './facts.ts';
import type { Saved } from './journal.ts';
import { type Lab, ours } from './lab.ts';
import { type Resource, root, setLink, sysctl } from './resource.ts';
import { movable, routeArgs, sameRoute } from './route.ts';

/** What of a NIC moves to the bridge, as it is now. Pure. */
export function snapshot(facts: Facts, nic: string): Saved {
  return {
    nic,
    // Those of privacy extensions the kernel makes anew by itself, and nobody else can.
    addresses: addressesOf(facts, nic).filter((address) => address.temporary !== true),
    routes: facts.routes.filter((route) => route.dev === nic && movable(route)),
    neighbours: facts.neighbours.filter(({ dev, lladdr }) => dev === nic && lladdr !== undefined),
    rpFilter: facts.sysctls[rpFilter(nic)] ?? '0',
  };
}

/**
 * What the bridge has of the NIC's, for when the journal is lost: what stands on either is taken for the NIC's. Pure.
 * `nodad` and the like are the bridge's own and are left out.
 */
export function rebuilt(facts: Facts, nic: string, bridge: string): Saved {
  const both = [nic, bridge].map((name) => snapshot(facts, name));
  const unlike = <One>(all: readonly One[], same: (a: One, b: One) => boolean) =>
    all.filter((one, index) => all.findIndex((other) => same(one, other)) === index);
  return {
    nic,
    addresses: unlike(
      both.flatMap(({ addresses }) => addresses),
      sameAddress,
    ).map(({ nodad: _, ...address }) => address),
    routes: unlike(
      both.flatMap(({ routes }) => routes),
      sameRoute,
    ).map((route) => ({ ...route, dev: nic })),
    neighbours: both.flatMap(({ neighbours }) => neighbours).map((neighbour) => ({ ...neighbour, dev: nic })),
    rpFilter: facts.sysctls[rpFilter(nic)] ?? '0',
  };
}

/**
 * The move of a NIC's addresses and routes to the bridge, and back. Pure. Every state between two calls forwards:
 *
 * there: the bridge gets the addresses too, the NIC joins, the bridge is waited for, routes go over, and the NIC's addresses go,
 * the last one first, because the first carries those of its network. Without the wait, the bridge drops the first question
 * for a neighbour, which is asked again after a second. What arrives while the NIC joins goes by a detour.
 *
 * back: the NIC gets its addresses again, and its neighbours, which it cannot ask for while it is a port; then its routes; what
 * leads to the bridge goes; the NIC leaves, with a detour for what arrives then.
 */
export function uplink(lab: Lab, facts: Facts, saved: Saved): Resource {
  const nic = linkOf(facts, saved.nic);
  const port = nic?.master === lab.bridge;
  const { left } = detour(lab, facts, saved.nic);
  if (nic === undefined) return { name: `uplink ${saved.nic}`, make: [], remove: left, faults: ['is gone from this machine'] };
  const there = [...arrival(lab, facts, saved, port), ...departure(facts, saved)];
  const back = ours(linkOf(facts, lab.bridge)) ? retreat(lab, facts, saved, port) : left;
  const onBridge = addressesOf(facts, lab.bridge).length > 0;
  return {
    name: `uplink ${saved.nic}`,
    make: there,
    remove: [...back, ...finish(facts, saved, back)],
    faults: there.length > 0 && (port || onBridge) ? ['has moved in part'] : [],
  };
}

/** The calls that bring addresses, NIC and routes to the bridge. */
function arrival(lab: Lab, facts: Facts, saved: Saved, port: boolean): Command[] {
  const { bridge } = lab;
  const stand = addressesOf(facts, bridge);
  const routes = ordered(saved.routes).filter((route) => !stands(facts, route, bridge));
  const { open, close, left } = detour(lab, facts, saved.nic);
  return [
    ...inOrder(saved.addresses)
      .filter((address) => !stand.some((one) => sameAddress(one, address)))
      .map((address) => add(address, bridge)),
    ...(port ? [] : [...open, setLink(saved.nic, 'master', bridge)]),
    ...(port && routes.length === 0 ? [] : carrier(facts, saved.nic, bridge)),
    ...(port ? left : close),
    ...(routes.length === 0 ? [] : gateways(saved).map((neighbour) => remember(neighbour, bridge))),
    ...routes.map((route) => replace(route, bridge)),
  ];
}

/** Waits until the bridge forwards; a NIC without a cable never brings it there. */
function carrier(facts: Facts, nic: string, bridge: string): Command[] {
  if (linkOf(facts, nic)?.operstate !== 'UP') return [];
  return [untilUp(bridge)];
}

/** The calls that take the NIC's addresses, and the routes of its networks that then are left (those of router advertisements). */
function departure(facts: Facts, saved: Saved): Command[] {
  const standing = addressesOf(facts, saved.nic);
  const gone = inOrder(saved.addresses)
    .toReversed()
    .filter((address) => standing.some((one) => sameAddress(one, address)));
  const prefixes = facts.routes.filter(
    ({ dev, family, protocol, expires }) => dev === saved.nic && family === 6 && protocol === 'kernel' && expires !== undefined,
  );
  return [
    ...gone.map((address) => root('ip', 'addr', 'del', where(address), 'dev', saved.nic)),
    ...(prefixes.length === 0 ? [] : [root('ip', '-6', 'route', 'flush', 'dev', saved.nic, 'proto', 'kernel')]),
  ];
}

/** The calls that bring everything back to the NIC and let it go. */
function retreat(lab: Lab, facts: Facts, saved: Saved, port: boolean): Command[] {
  const { bridge } = lab;
  const { open, close, left } = detour(lab, facts, saved.nic);
  const standing = addressesOf(facts, saved.nic);
  const routes = ordered(saved.routes).filter((route) => !stands(facts, route, saved.nic));
  const connected = facts.routes.filter(
    ({ dev, protocol, table, type }) =>
      dev === bridge && protocol === 'kernel' && table === undefined && (type ?? 'unicast') === 'unicast',
  );
  return [
    ...(port && strict(facts, saved.nic) ? [sysctl(rpFilter(saved.nic), '2')] : []),
    ...inOrder(saved.addresses)
      .filter((address) => !standing.some((one) => sameAddress(one, address)))
      .map((address) => add(address, saved.nic)),
    ...(port ? current(facts, saved, bridge).map((neighbour) => remember(neighbour, saved.nic)) : []),
    ...routes.map((route) => replace(route, saved.nic)),
    ...connected.map(({ family, dst, dev }) =>
      root('ip', `-${family}`, 'route', 'del', dst, 'dev', dev ?? bridge, 'proto', 'kernel'),
    ),
    ...(port ? [...open, setLink(saved.nic, 'nomaster'), ...close] : left),
  ];
}

/** What is left to set right on the NIC: a retreat adds addresses without asking around, which leaves a mark on those of IPv6. */
function finish(facts: Facts, saved: Saved, retreat: readonly Command[]): Command[] {
  const standing = addressesOf(facts, saved.nic);
  const marked = (address: Address) => {
    const now = standing.find((one) => sameAddress(one, address));
    return now === undefined ? retreat.length > 0 : now.nodad === true;
  };
  const path = rpFilter(saved.nic);
  const loose = facts.sysctls[path] !== saved.rpFilter || retreat.some(({ args }) => args.includes(`${path}=2`));
  return [
    ...saved.addresses
      .filter((address) => address.family === 'inet6' && address.nodad !== true && marked(address))
      .map((address) => root('ip', 'addr', 'change', ...addressArgs(address, saved.nic))),
    ...(loose ? [sysctl(path, saved.rpFilter)] : []),
  ];
}

/** The path of an interface's rp_filter below /proc/sys. */
export function rpFilter(name: string): string {
  return `net/ipv4/conf/${name}/rp_filter`;
}

/** In the order in which adding them gives the order that they were listed in: the kernel puts the newest of IPv6 first. */
function inOrder(addresses: readonly Address[]): readonly Address[] {
  const of = (family: string) => addresses.filter((address) => address.family === family);
  return [...of('inet'), ...of('inet6').toReversed()];
}

/** Routes without a gateway first: they may lead to another's. */
function ordered(routes: readonly Route[]): readonly Route[] {
  const direct = (route: Route) => route.gateway === undefined && route.via === undefined;
  return [...routes.filter(direct), ...routes.filter((route) => !direct(route))];
}

const stands = (facts: Facts, route: Route, dev: string) =>
  facts.routes.some((one) => one.dev === dev && movable(one) && sameRoute(one, route));

const where = ({ local, address, prefixlen }: Address) => `${local}${address === undefined ? `/${prefixlen}` : ''}`;

const add = (address: Address, dev: string) =>
  root('ip', 'addr', 'add', ...addressArgs(address, dev), ...(address.family === 'inet6' ? ['nodad'] : []));

const replace = (route: Route, dev: string) => root('ip', `-${route.family}`, 'route', 'replace', ...routeArgs(route, dev));

const remember = ({ dst, lladdr = '' }: Neighbour, dev: string) =>
  root('ip', 'neigh', 'replace', dst, 'lladdr', lladdr, 'dev', dev, 'nud', 'reachable');

/** The gateways of the saved routes whose hardware address is known. */
function gateways(saved: Saved): readonly Neighbour[] {
  const wanted = new Set(saved.routes.map(({ gateway }) => gateway));
  return saved.neighbours.filter(({ dst }) => wanted.has(dst));
}

/** The gateways, and the neighbours that are in use, as the bridge knows them now, else as the NIC did; each once. */
function current(facts: Facts, saved: Saved, bridge: string): readonly Neighbour[] {
  const known = facts.neighbours.filter(({ dev, lladdr }) => dev === bridge && lladdr !== undefined);
  const leads = new Set(saved.routes.map(({ gateway }) => gateway));
  const live = known.filter(({ dst, state }) => leads.has(dst) || !state.includes('STALE'));
  return [...live, ...gateways(saved).filter(({ dst }) => !live.some((one) => one.dst === dst))];
}

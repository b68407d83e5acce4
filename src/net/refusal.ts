import { type ErrorFacts, EulabError, status } from '../errors.ts';
import { overlaps } from './address.ts';
import { type Facts, type Link, linkOf } from './facts.ts';
import { group, type Lab, movedCard, ours, tapOf } from './lab.ts';
import { movable, unmovable } from './route.ts';
import { vlanName } from './vlan.ts';
import { refuseVlan } from './vlan-refusal.ts';

/**
 * Refuses what would hurt the host, before anything is changed. Pure. `standing`: this network was begun before.
 *
 * @throws EulabError with the reason and what to do: 2 when another option helps, 3 when the host lacks something.
 */
export function refuse(
  lab: Lab,
  facts: Facts,
  { standing, force }: { readonly standing: boolean; readonly force: boolean },
): void {
  const { bridge } = lab;
  const link = linkOf(facts, bridge);
  if (link !== undefined && !ours(link)) {
    throw usage(
      `${bridge} exists and was not made by eulab`,
      `choose another name with --bridge, or remove it: ip link delete ${bridge}`,
    );
  }
  const tap = lab.tapUser === undefined ? undefined : linkOf(facts, tapOf(lab.tapUser));
  if (tap !== undefined && tap.group !== group && !standing) {
    throw usage(`${tap.ifname} exists and was not made by eulab`, `remove it: ip link delete ${tap.ifname}`);
  }
  refuseUser(lab, facts);
  if (lab.uplink === undefined) refuseIsolated(lab, facts);
  else refuseUplink(lab, lab.uplink, facts, standing || force);
  refuseVlan(lab, facts, standing);
  if (lab.vlan?.address !== undefined) refuseOverlap(lab.vlan.address, [lab.bridge, vlanName(lab.bridge, lab.vlan)], facts);
}

function refuseUser({ bridgeUser }: Lab, { permission }: Facts): void {
  if (bridgeUser === undefined || permission === undefined) return;
  if (permission.gids.length === 0) throw usage(`there is no user ${bridgeUser}`, 'see who there is: getent passwd');
  if (permission.helper !== undefined) return;
  throw new EulabError('qemu-bridge-helper is not installed, by which QEMU joins a bridge without root', {
    hint: 'apt-get install qemu-system-common; where it is elsewhere, name it: --bridge-helper FILE',
    check: 'helper',
    exitCode: status.notReady,
  });
}

function refuseOverlap(address: string, own: readonly string[], facts: Facts): void {
  const inTheWay = facts.routes.find(
    ({ family, dst, dev, table }) =>
      family === 4 && dst !== 'default' && !own.includes(dev ?? '') && table !== 'local' && overlaps(dst, address),
  );
  if (inTheWay !== undefined) {
    throw usage(
      `${address} overlaps ${inTheWay.dst}, which the host reaches by ${inTheWay.dev ?? 'another route'}`,
      own.length > 1 ? 'choose another --vlan-address' : 'choose another network for the bridge: --address 10.99.0.1/24',
    );
  }
}

function refuseIsolated(lab: Lab, facts: Facts): void {
  refuseOverlap(lab.address, [lab.bridge], facts);
  if (lab.nat && facts.nft === undefined && facts.filters.length === 0) {
    throw new EulabError('neither nft nor iptables is installed, of which NAT needs one', {
      hint: 'apt-get install nftables, or do without: --no-nat',
      check: 'net-tools',
      exitCode: status.notReady,
    });
  }
}

function refuseUplink(lab: Lab, name: string, facts: Facts, force: boolean): void {
  const nic = linkOf(facts, name);
  if (nic === undefined) {
    throw usage(`there is no interface ${name}`, `those that could join a bridge: ${candidates(facts.links) || 'none'}`);
  }
  const kind = nic.linkinfo?.info_kind;
  if (nic.link_type !== 'ether' || kind === 'bridge' || kind === 'tun') {
    throw usage(`${name} is no network card but ${kind ?? nic.link_type}`, `cards: ${candidates(facts.links) || 'none'}`);
  }
  if (facts.nic.wifi) {
    throw usage(
      `${name} is a Wi-Fi card, whose access point takes frames from its own address only`,
      'an isolated bridge with NAT works on Wi-Fi: eulab net up',
    );
  }
  const moves = movedCard(lab) !== undefined;
  if (moves && nic.master !== undefined && nic.master !== lab.bridge) {
    throw usage(`${name} is a port of ${nic.master} already`, `take it out first: ip link set dev ${name} nomaster`);
  }
  if (!nic.flags.includes('UP')) throw usage(`${name} is down`, `ip link set dev ${name} up`);
  if (!moves) return;
  const odd = facts.routes.find((route) => route.dev === name && movable(route) && unmovable(route) !== undefined);
  if (odd !== undefined) {
    throw usage(
      `the route ${odd.dst} by ${name} has a ${unmovable(odd)}, which eulab cannot move`,
      'use an isolated bridge: eulab net up',
    );
  }
  if (facts.nic.manager !== undefined && !force) throw managed(lab, name, facts.nic.manager);
}

function managed({ bridge }: Lab, nic: string, manager: string): EulabError {
  const ways: Readonly<Record<string, string>> = {
    NetworkManager:
      `let it make the bridge: nmcli connection add type bridge ifname ${bridge} con-name ${bridge} bridge.stp no && ` +
      `nmcli connection add type ethernet ifname ${nic} master ${bridge} && nmcli connection up ${bridge}`,
    'systemd-networkd':
      `let it make the bridge: in /etc/systemd/network a ${bridge}.netdev with Kind=bridge, Bridge=${bridge} in the .network ` +
      `of ${nic}, the addresses in one of ${bridge}; then networkctl reload`,
  };
  return usage(
    `${nic} is managed by ${manager}, which would take its addresses back`,
    `${ways[manager] ?? `stop it for ${nic}, and give it ${bridge} afterwards`}; or insist with --force`,
  );
}

function candidates(links: readonly Link[]): string {
  const cards = links.filter(
    ({ link_type, linkinfo, master }) => link_type === 'ether' && master === undefined && linkinfo?.info_kind !== 'bridge',
  );
  return cards.map(({ ifname }) => ifname).join(', ');
}

const usage = (message: string, hint: string) => new EulabError(message, { hint, exitCode: status.usage } satisfies ErrorFacts);

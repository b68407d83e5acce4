import { addressesOf, type Facts, linkOf, type PortVlan } from './facts.ts';
import type { Lab } from './lab.ts';
import type { PortUsers } from './port-users.ts';

/**
 * The bridge with what is around it, as lines. Pure.
 *
 *     vmbr0  10.77.0.1/24  up
 *       |-- tap0  (tun)  up  qemu-system-x86 4711 of ada
 *       `-- NAT --> eth0
 */
export function drawing(lab: Lab, facts: Facts, users: PortUsers = {}): string[] {
  const { bridge } = lab;
  const link = linkOf(facts, bridge);
  if (link === undefined) return [];
  const own = addressesOf(facts, bridge).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  const ports = facts.links
    .filter(({ master }) => master === bridge)
    .map(({ ifname, linkinfo, operstate }) => {
      const open = users[ifname]?.map(({ program, pid, user }) => `${program} ${pid} of ${user}`) ?? [];
      return [ifname, `(${linkinfo?.info_kind ?? 'card'})`, operstate.toLowerCase(), ...vlans(facts.vlans[ifname]), ...open].join(
        '  ',
      );
    });
  const out = facts.routes.find(({ family, dst }) => family === 4 && dst === 'default')?.dev;
  const ways = lab.uplink === undefined && lab.nat && out !== undefined ? [`NAT --> ${out}`] : [];
  const branches = [...ports, ...ways];
  return [
    [bridge, ...own, link.flags.includes('UP') ? 'up' : 'down'].join('  '),
    ...branches.map((branch, index) => `  ${index === branches.length - 1 ? '`' : '|'}-- ${branch}`),
  ];
}

/** The VLANs of a port: `VLAN 20` for what is in one, `VLAN 1 untagged, 20 tagged` for a trunk. */
function vlans(all: readonly PortVlan[] = []): string[] {
  const [only] = all;
  if (only === undefined) return [];
  if (all.length === 1 && only.pvid && only.untagged) return [`VLAN ${only.vid}`];
  return [`VLAN ${all.map(({ vid, untagged }) => `${vid} ${untagged ? 'untagged' : 'tagged'}`).join(', ')}`];
}

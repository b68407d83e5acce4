import { addressesOf, type Facts, linkOf } from './facts.ts';
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
      return [ifname, `(${linkinfo?.info_kind ?? 'card'})`, operstate.toLowerCase(), ...open].join('  ');
    });
  const out = facts.routes.find(({ family, dst }) => family === 4 && dst === 'default')?.dev;
  const ways = lab.uplink === undefined && lab.nat && out !== undefined ? [`NAT --> ${out}`] : [];
  const branches = [...ports, ...ways];
  return [
    [bridge, ...own, link.flags.includes('UP') ? 'up' : 'down'].join('  '),
    ...branches.map((branch, index) => `  ${index === branches.length - 1 ? '`' : '|'}-- ${branch}`),
  ];
}

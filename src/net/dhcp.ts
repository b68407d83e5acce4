import { join } from 'node:path';
import { pool } from './address.ts';
import type { Facts } from './facts.ts';
import type { Lab } from './lab.ts';
import { type Resource, root } from './resource.ts';

/**
 * The server that gives guests of an isolated bridge their addresses, and the host's answers about names. Pure.
 *
 * It is bound to the bridge alone, reads no configuration of the host's but the name servers, and keeps its leases with us.
 * `--no-ping`: asking whether an address is free takes it three seconds. It puts itself into the background.
 *
 * @see dnsmasq(8)
 */
export function dhcp(lab: Lab, facts: Facts): Resource {
  const args = serverArgs(lab);
  const { installed, pid, args: standing } = facts.dnsmasq;
  const right = standing?.join('\n') === args.join('\n');
  const stop = pid === undefined ? [] : [root('kill', String(pid))];
  return {
    name: 'DHCP by dnsmasq',
    make: right || !installed ? [] : [...stop, root('dnsmasq', ...args)],
    remove: stop,
    faults: [
      ...(installed ? [] : ['is not installed: apt-get install dnsmasq-base']),
      ...(stop.length > 0 && !right ? ['serves other addresses'] : []),
    ],
  };
}

/** The file by which our server is known among all others, also when we have lost everything else. */
export function pidFile({ state, bridge }: Pick<Lab, 'state' | 'bridge'>): string {
  return join(state, `${bridge}.dnsmasq.pid`);
}

function serverArgs(lab: Lab): string[] {
  return [
    '--conf-file=/dev/null',
    `--interface=${lab.bridge}`,
    '--except-interface=lo',
    '--bind-interfaces',
    '--no-ping',
    '--dhcp-authoritative',
    `--dhcp-range=${pool(lab.address).join(',')},1h`,
    `--dhcp-leasefile=${join(lab.state, `${lab.bridge}.leases`)}`,
    `--pid-file=${pidFile(lab)}`,
  ];
}

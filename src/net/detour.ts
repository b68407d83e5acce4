import type { Command } from '../command.ts';
import { type Facts, linkOf } from './facts.ts';
import { detourNames, group, type Lab, nftTable } from './lab.ts';
import { root, setLink } from './resource.ts';
import { nativeVlan } from './vlan.ts';

/** The calls that open a way round a card's joining or leaving, and those that close it. */
export interface Detour {
  readonly open: readonly Command[];
  readonly close: readonly Command[];
  /** Those that close one which a killed eulab left open; none when there is none. */
  readonly left: readonly Command[];
}

/**
 * A way round for what arrives while the card joins the bridge, or leaves it. In these microseconds the kernel has the card's
 * packets go to the bridge already, or still, and the bridge drops them, for the port is not enabled. So they go by a cable whose
 * other end is a port that is enabled: nftables takes them from the card before the bridge would. The bridge learns nothing from
 * that port and floods nothing to it: what leaves goes by the card, as ever. Pure. Nothing without nft, where the kernel cannot, or
 * for a bridge of another hardware address than the card's: then a packet may be lost.
 *
 * Only what is for the host itself goes this way: the bridge would send what is for all back to where it came from. Frames of a
 * VLAN are let alone, for they have their own interfaces, before the bridge; and so is what the kernel answers by the interface
 * that it came by, the questions for neighbours and the pings of IPv6: the bridge as yet leads nowhere.
 *
 * A qdisc at the card's ingress could do the same, but adding one stops what the card sends, for longer than all this takes.
 *
 * @see nft(8), ingress hook and fwd statement; veth(4); bridge(8)
 */
export function detour(lab: Lab, facts: Facts, nic: string): Detour {
  const { entry, port } = detourNames(lab.bridge);
  const table = nftTable(lab.bridge);
  const dropTable = root('nft', 'delete', 'table', 'netdev', table);
  const dropCable = root('ip', 'link', 'delete', 'dev', entry);
  const left = [...(facts.nft?.detour === true ? [dropTable] : []), ...(linkOf(facts, entry) === undefined ? [] : [dropCable])];
  const card = linkOf(facts, nic);
  const address = card?.address;
  const same = (linkOf(facts, lab.bridge)?.address ?? address) === address;
  if (facts.nft === undefined || facts.nft.redirects === false || address === undefined || !same) {
    return { open: left, close: [], left };
  }
  const mtu = String(card?.mtu ?? 1500);
  const end = (name: string, ...words: readonly string[]) => ['name', name, ...words, 'mtu', mtu, 'group', group];
  const silent = ['learning', 'off', 'flood', 'off', 'mcast_flood', 'off', 'bcast_flood', 'off'];
  const untagged = root('bridge', 'vlan', 'add', 'dev', port, 'vid', String(nativeVlan), 'pvid', 'untagged');
  return {
    open: [
      ...left,
      root('ip', 'link', 'add', ...end(port, 'master', lab.bridge), 'type', 'veth', 'peer', ...end(entry)),
      ...(lab.vlan?.mode === 'aware' ? [untagged] : []),
      // While the other end is down there is no carrier, and no address of IPv6 is made.
      setLink(entry, 'addrgenmode', 'none', 'up'),
      setLink(port, 'up', 'type', 'bridge_slave', ...silent),
      untilUp(port),
      root('nft', redirection(table, { nic, address, entry })),
    ],
    close: [dropTable, dropCable],
    left,
  };
}

/** Waits until an interface is up, which for a bridge is: forwards. */
export function untilUp(name: string): Command {
  const script = `until ip -o link show dev ${name} | grep -q 'state UP'; do sleep 0.01; done`;
  return { file: 'timeout', args: ['5', 'sh', '-c', script] };
}

/** What is answered by the interface that it came by, or is about that interface. */
const answered = ['echo-request', 'nd-router-solicit', 'nd-router-advert', 'nd-neighbor-solicit', 'nd-neighbor-advert'];

function redirection(table: string, { nic, address, entry }: { nic: string; address: string; entry: string }): string {
  return `table netdev ${table} {
  chain join {
    type filter hook ingress device "${nic}" priority 0; policy accept;
    icmpv6 type { ${answered.join(', ')} } accept
    ether daddr ${address} ether type { ip, ip6 } fwd to "${entry}"
  }
}`;
}

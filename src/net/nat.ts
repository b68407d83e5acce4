import type { Command } from '../command.ts';
import { network } from './address.ts';
import type { Facts, Filter } from './facts.ts';
import { comment, type Lab, nftTable } from './lab.ts';
import { type Resource, root, sysctl } from './resource.ts';

/** The kernel settings that forwarding needs, and those that change with them behind one's back. */
export const forwardingPath = 'net/ipv4/ip_forward';

/**
 * Forwarding for IPv4, and back to what it was. Pure. `was` are the values before eulab changed any: switching it resets
 * the settings of every interface, which are put back too. While another bridge of ours needs it, it stays.
 *
 * @see Documentation/networking/ip-sysctl.rst, ip_forward
 */
export function forwarding(facts: Facts, was: Readonly<Record<string, string>>): Resource {
  const on = facts.sysctls[forwardingPath] === '1';
  const needed = facts.others.some(({ lab }) => lab.nat && lab.uplink === undefined);
  const paths = [forwardingPath, ...Object.keys(was).filter((path) => path !== forwardingPath && switched(path))];
  const back = paths.flatMap((path) => {
    const value = was[path];
    // An interface may have gone meanwhile.
    return value === undefined || facts.sysctls[path] === undefined || needed ? [] : { path, value };
  });
  // Setting ip_forward sets the others, so these are put back also where they are right as yet.
  const changed = facts.sysctls[forwardingPath] !== was[forwardingPath];
  return {
    name: 'forwarding of IPv4',
    make: on ? [] : [sysctl(forwardingPath, '1')],
    remove: back
      .filter(({ path, value }) => facts.sysctls[path] !== value || (changed && path !== forwardingPath))
      .map(({ path, value }) => sysctl(path, value)),
    faults: [],
  };
}

/** Whether a setting changes when ip_forward does. */
export function switched(path: string): boolean {
  return /^net\/ipv4\/conf\/(all\/accept_redirects|(?!all\/|default\/)[^/]+\/forwarding)$/.test(path);
}

/** Address translation for what leaves the bridge's network: an nft table of our own, or one iptables rule. Pure. */
export function nat(lab: Lab, facts: Facts): Resource {
  const net = network(lab.address);
  const filter = facts.filters.find(({ program }) => program === 'iptables');
  if (facts.nft === undefined) {
    const rule = ['-s', net, '!', '-d', net, '-m', 'comment', '--comment', comment(lab), '-j', 'MASQUERADE'];
    return { ...rules('NAT by iptables', lab, 'POSTROUTING', filter, filter === undefined ? [] : [rule]), hidden: !facts.root };
  }
  const table = nftTable(lab.bridge);
  const rule = `ip saddr ${net} ip daddr != ${net} masquerade comment "eulab"`;
  const stands = facts.nft.table?.includes(rule) === true;
  const older = facts.nft.table !== undefined;
  return {
    name: `NAT, nft table ${table}`,
    make: stands ? [] : [root('nft', translation(table, rule))],
    remove: older ? [root('nft', 'delete', 'table', 'ip', table)] : [],
    faults: older && !stands ? ['has other rules than it should'] : [],
    hidden: !facts.root,
  };
}

/** The table in one transaction, whatever stood there before. @see nft(8) */
function translation(table: string, rule: string): string {
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${rule}
  }
}`;
}

/**
 * The way through a firewall that drops what is forwarded (Docker sets it so): it also sees what goes from port to port of
 * one bridge. Its own rules are asked first and last, so no table of ours could let the packets through. Pure.
 *
 * @see Documentation/networking/ip-sysctl.rst, bridge-nf-call-iptables
 */
export function passage(lab: Lab, facts: Facts): Resource[] {
  return facts.filters.map((filter) => {
    const wanted = filter.drops ? passes(lab, filter) : [];
    return { ...rules(`way through ${filter.program}`, lab, 'FORWARD', filter, wanted), hidden: !facts.root };
  });
}

function passes(lab: Lab, { program, bridged }: Filter): string[][] {
  const { bridge: name } = lab;
  const marked = ['-m', 'comment', '--comment', comment(lab), '-j', 'ACCEPT'];
  if (lab.uplink === undefined && lab.nat && program === 'iptables') {
    return [
      ['-i', name, ...marked],
      ['-o', name, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', ...marked],
    ];
  }
  return bridged ? [['-i', name, '-o', name, ...marked]] : [];
}

/** Rules of ours in a chain of iptables: those that lack are put before all others, those of ours that stand can be removed. */
function rules(
  name: string,
  lab: Lab,
  chain: 'FORWARD' | 'POSTROUTING',
  filter: Filter | undefined,
  wanted: readonly (readonly string[])[],
): Resource {
  const { program = 'iptables', forward = [], postrouting = [] } = filter ?? {};
  const table = chain === 'FORWARD' ? [] : ['-t', 'nat'];
  const mine = (chain === 'FORWARD' ? forward : postrouting).filter((line) => line.includes(`--comment ${comment(lab)} `));
  const lacking = wanted.filter((rule) => !mine.includes(`-A ${chain} ${rule.join(' ')}`));
  const call = (words: readonly string[]): Command => root(program, '-w', ...table, ...words);
  return {
    name,
    make: lacking.map((rule) => call(['-I', chain, ...rule])),
    remove: mine.map((line) => call(line.replace(/^-A/, '-D').split(' '))),
    faults: mine.length > 0 && lacking.length > 0 ? ['lacks a rule'] : [],
  };
}

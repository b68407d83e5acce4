import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { locate, probe as look, missing, read } from '../exec.ts';
import { pidFile } from './dhcp.ts';
import type { Address, Facts, Filter, Link, Neighbour, Route } from './facts.ts';
import { otherJournals } from './journal.ts';
import { type Lab, movedCard, nftTable } from './lab.ts';
import { permissionFacts } from './permission-probe.ts';
import { vlanFacts } from './vlan-probe.ts';

/**
 * The host's network as it is: by iproute2, /proc and /sys, and as root nft and iptables. Changes nothing.
 *
 * @throws EulabError (3) without iproute2; CommandError when a program fails.
 */
export async function probe(lab: Lab, nic = lab.uplink): Promise<Facts> {
  if (!installed('ip')) throw missing('ip');
  const [links, addresses, four, six, neighbours, nft, filters, others, permission] = await Promise.all([
    ip<Link>('-d', 'link', 'show'),
    ip<{ readonly ifname: string; readonly addr_info: readonly Address[] }>('addr', 'show'),
    ip<Omit<Route, 'family'>>('-4', 'route', 'show', 'table', 'all'),
    ip<Omit<Route, 'family'>>('-6', 'route', 'show', 'table', 'all'),
    ip<Neighbour>('neigh', 'show'),
    nftFacts(lab),
    Promise.all([filter('iptables'), filter('ip6tables')]),
    otherJournals(lab.state, lab.bridge),
    permissionFacts(lab),
  ]);
  return {
    links,
    addresses: Object.fromEntries(addresses.map(({ ifname, addr_info }) => [ifname, addr_info])),
    routes: [
      ...four.map((route) => ({ family: 4 as const, ...route })),
      ...six.map((route) => ({ family: 6 as const, ...route })),
    ],
    neighbours,
    sysctls: sysctls(),
    nft,
    filters: filters.filter((one) => one !== undefined),
    ...(await vlanFacts(links, lab.vlan, isRoot())),
    dnsmasq: { installed: installed('dnsmasq'), ...server(pidFile(lab)) },
    nic: { wifi: wifi(nic), manager: manager(nic ?? '', links.find(({ ifname }) => ifname === nic)?.ifindex) },
    others,
    ...(permission === undefined ? {} : { permission }),
    root: isRoot(),
  };
}

/** Whether root would find a program: the folders of the system's own are not on everybody's PATH. */
function installed(program: string): boolean {
  const path = process.env['PATH'] ?? '';
  return locate(program, { PATH: isRoot() ? path : `${path}:/usr/sbin:/sbin` }) !== undefined;
}

/** Whether we may change the network, and see all of it. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function ip<One>(...args: readonly string[]): Promise<One[]> {
  const text = await read({ file: 'ip', args: ['-j', ...args] });
  const all: One[] = text === '' ? [] : JSON.parse(text);
  // Some versions print an empty object for each that a filter left out.
  return all.filter((one) => Object.keys(one as object).length > 0);
}

async function nftFacts(lab: Lab): Promise<Facts['nft']> {
  if (!installed('nft')) return undefined;
  if (!isRoot()) return { table: undefined };
  const table = nftTable(lab.bridge);
  const listed = (family: string) => look({ file: 'nft', args: ['list', 'table', family, table] });
  const moves = movedCard(lab) !== undefined;
  const [own, detour, trial] = await Promise.all([
    listed('ip'),
    moves ? listed('netdev') : undefined,
    moves ? look({ file: 'nft', args: ['-c', redirects] }) : undefined,
  ]);
  return {
    table: own.code === 0 ? own.stdout : undefined,
    ...(detour === undefined ? {} : { detour: detour.code === 0 }),
    ...(trial === undefined ? {} : { redirects: trial.code === 0 }),
  };
}

/** What a detour asks of the kernel, for nft to check and not to do. */
const redirects =
  'table netdev eulab_trial { chain c { type filter hook ingress device "lo" priority 0; ether type { ip, ip6 } fwd to "lo"; }; }';

async function filter(program: Filter['program']): Promise<Filter | undefined> {
  if (!installed(program)) return undefined;
  if (!isRoot()) return { program, drops: false, bridged: false, forward: [], postrouting: [] };
  const chain = async (...args: readonly string[]) => {
    const { code, stdout } = await look({ file: program, args: ['-w', ...args] });
    return code === 0 ? stdout.replaceAll('"', '').split('\n') : [];
  };
  const forward = await chain('-S', 'FORWARD');
  const postrouting = program === 'iptables' && !installed('nft') ? await chain('-t', 'nat', '-S', 'POSTROUTING') : [];
  const bridged = value(`net/bridge/bridge-nf-call-${program}`) === '1';
  return { program, drops: forward.includes('-P FORWARD DROP'), bridged, forward, postrouting };
}

/** The settings that eulab changes or goes by, those of each interface too. */
function sysctls(): Record<string, string> {
  const names = ['ip_forward', 'conf/all/accept_redirects'];
  const interfaces = existsSync('/proc/sys/net/ipv4/conf') ? readdirSync('/proc/sys/net/ipv4/conf') : [];
  for (const name of interfaces) names.push(`conf/${name}/rp_filter`, `conf/${name}/forwarding`);
  const six = ['default', ...interfaces].map((name) => `net/ipv6/conf/${name}/disable_ipv6`);
  const found = [...names.map((name) => `net/ipv4/${name}`), ...six].map((path) => [path, value(path)] as const);
  return Object.fromEntries(found.flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])));
}

function value(path: string): string | undefined {
  return text(join('/proc/sys', path))?.trim();
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The dnsmasq that was started with this pid file, found without it. */
function server(file: string): { readonly pid?: number; readonly args?: readonly string[] } {
  const found = processes().find(({ words }) => words[0]?.endsWith('dnsmasq') === true && words.includes(`--pid-file=${file}`));
  return found === undefined ? {} : { pid: found.pid, args: found.words.slice(1) };
}

/** The processes and their command lines, word by word. */
function processes(): { readonly pid: number; readonly words: readonly string[] }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => ({ pid: Number(pid), words: text(`/proc/${pid}/cmdline`)?.split('\0').slice(0, -1) ?? [] }));
}

function wifi(nic: string | undefined): boolean {
  return nic !== undefined && ['wireless', 'phy80211'].some((name) => existsSync(join('/sys/class/net', nic, name)));
}

/** Who else gives an interface its addresses, as the state files of the two known ones tell; else a DHCP client that names it. */
function manager(name: string, index: number | undefined): string | undefined {
  if (index === undefined) return undefined;
  const networkd = text(`/run/systemd/netif/links/${index}`);
  if (networkd !== undefined && !/^ADMIN_STATE=unmanaged$/m.test(networkd)) return 'systemd-networkd';
  const state = text(`/run/NetworkManager/devices/${index}`);
  if (state !== undefined && /^(managed=(true|1|managed)|connection-uuid=.+)$/m.test(state)) return 'NetworkManager';
  const client = processes().find(({ words }) => /(^|\/)(dhclient|dhcpcd|udhcpc)$/.test(words[0] ?? '') && words.includes(name));
  return client?.words[0]?.replace(/.*\//, '');
}

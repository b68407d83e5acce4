import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { locate, probe as look, missing, read } from '../exec.ts';
import type { Facts, Link, PortVlan } from './facts.ts';
import { named, type Vlan } from './lab.ts';

/**
 * What there is of VLANs: the ports' own, and, for one that is wanted, whether the kernel has them. Changes nothing.
 *
 * @throws EulabError (3) without bridge(8).
 */
export async function vlanFacts(
  links: readonly Link[],
  wanted: Vlan | undefined,
  isRoot: boolean,
): Promise<Pick<Facts, 'vlans' | 'kernel'>> {
  const bridges = links.filter(({ linkinfo }) => linkinfo?.info_kind === 'bridge');
  const aware = bridges.some(
    ({ linkinfo, ifalias }) => linkinfo?.info_data?.vlan_filtering === 1 || named(ifalias).vlan?.mode === 'aware',
  );
  if (wanted?.mode === 'aware' && locate('bridge') === undefined) throw missing('bridge');
  const vlans = aware && locate('bridge') !== undefined ? await ports() : {};
  if (wanted === undefined || !isRoot) return { vlans, kernel: {} };
  const tagging = existsSync('/proc/net/vlan') || (await knows('vlan', ['link', 'lo', 'name', 'lo.v'], ['id', beyond]));
  const sample = bridges[0];
  const filtering =
    wanted.mode === 'sub'
      ? undefined
      : sample === undefined
        ? await knows('bridge', ['name', 'eulab-vlan'], ['vlan_filtering', '1', 'vlan_default_pvid', beyond])
        : existsSync(join('/sys/class/net', sample.ifname, 'bridge/vlan_filtering'));
  return { vlans, kernel: { tagging, ...(filtering === undefined ? {} : { filtering }) } };
}

/** No VLAN has this number. */
const beyond = '4095';

/**
 * Whether the kernel knows a kind of interface with these settings: it is asked for one that cannot be. One that knows it says
 * that the number is wrong; one that does not, or has not the module, that it is not supported. Neither makes anything.
 */
async function knows(kind: string, before: readonly string[], settings: readonly string[]): Promise<boolean> {
  const { stderr } = await look({ file: 'ip', args: ['link', 'add', ...before, 'type', kind, ...settings], root: true });
  return !/Unknown device type|not supported/.test(stderr);
}

async function ports(): Promise<Record<string, readonly PortVlan[]>> {
  const text = await read({ file: 'bridge', args: ['-j', 'vlan', 'show'] });
  const all: Listed[] = text === '' ? [] : JSON.parse(text);
  return Object.fromEntries(all.map(({ ifname, vlans = [] }) => [ifname, vlans.flatMap(each)]));
}

/** A port, as `bridge -j vlan show` tells it. */
interface Listed {
  readonly ifname: string;
  readonly vlans?: readonly { readonly vlan: number; readonly vlanEnd?: number; readonly flags?: readonly string[] }[];
}

function each({ vlan, vlanEnd = vlan, flags = [] }: NonNullable<Listed['vlans']>[number]): PortVlan[] {
  const [pvid, untagged] = [flags.includes('PVID'), flags.includes('Egress Untagged')];
  return Array.from({ length: vlanEnd - vlan + 1 }, (_, index) => ({ vid: vlan + index, pvid, untagged }));
}

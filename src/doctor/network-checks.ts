import { checkVersion } from '../boot/machine/limits.ts';
import { EulabError } from '../errors.ts';
import { locate, missing } from '../exec.ts';
import { checkHelper, checkRules, findHelper, tryHelper } from '../net/helper.ts';
import { isRoot } from '../net/probe.ts';
import { checkLink, checkTun } from '../net/tap-access.ts';
import { qemuOf } from './boot-checks.ts';
import type { Examination, Host } from './host.ts';

const usual = 'vmbr0';

/** What the networks of machines need. */
export const networkChecks: readonly Examination[] = [
  {
    name: 'lab',
    group: 'network',
    costs: '--net lab:NAME: no network among your machines',
    bad: 'warning',
    look: async (host) => {
      if (locate('flock', host.env) === undefined) throw missing('flock');
      checkVersion(host.qemu, (await qemuOf(host)).version, { what: '--net lab', since: [7, 2] });
      return 'machines can have a network among themselves';
    },
  },
  {
    name: 'tun',
    group: 'network',
    costs: '--net bridge and --net tap',
    bad: 'warning',
    look: async () => {
      checkTun();
      return 'you may open /dev/net/tun';
    },
  },
  {
    name: 'bridge',
    group: 'network',
    costs: '--net bridge: no machine on a bridge of the host',
    bad: 'warning',
    look: async ({ bridge }) => {
      try {
        checkLink(bridge, 'bridge', up(bridge));
      } catch (error) {
        if (!(error instanceof EulabError) || error.remedy !== undefined) throw error;
        return { found: error.message, remedy: up(bridge) };
      }
      return `${bridge} is up`;
    },
  },
  {
    name: 'helper',
    group: 'network',
    costs: '--net bridge: QEMU joins a bridge through it',
    bad: 'warning',
    look: async (host) => {
      const helper = helperOf(host);
      await checkHelper(host.bridge, helper);
      if (!ready(host, helper)) return `${helper} has the right that it needs`;
      await tryHelper(host.bridge, helper);
      return `${helper} makes a tap device on ${host.bridge}`;
    },
  },
  {
    name: 'rules',
    group: 'network',
    costs: '--net bridge: the helper refuses what no rule allows',
    bad: 'warning',
    look: async (host) => {
      checkRules(host.bridge, helperOf(host));
      return `the helper may have ${host.bridge}`;
    },
  },
  {
    name: 'net-tools',
    group: 'network',
    costs: 'eulab net up: a bridge with DHCP and NAT',
    bad: 'warning',
    look: async ({ env }) => {
      const all = { PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` };
      const filter = ['nft', 'iptables'].find((program) => locate(program, all) !== undefined);
      const [first, ...others] = ['ip', 'dnsmasq', ...(filter === undefined ? ['nft'] : [])].filter(
        (program) => locate(program, all) === undefined,
      );
      if (first !== undefined) throw missing(first, ...others);
      return `ip, dnsmasq and ${filter} are here`;
    },
  },
];

function helperOf({ bridgeHelper, qemu, env }: Host): string {
  return findHelper(bridgeHelper, locate(qemu, env));
}

/** Whether all but the helper is there for the helper to be called. */
function ready({ bridge }: Host, helper: string): boolean {
  try {
    checkLink(bridge, 'bridge', up(bridge));
    checkRules(bridge, helper);
    checkTun();
    return true;
  } catch (error) {
    // Each has a line of its own.
    if (error instanceof EulabError) return false;
    throw error;
  }
}

function up(bridge: string): string {
  const options = [...(bridge === usual ? [] : ['--bridge', bridge]), ...(isRoot() ? [] : ['--bridge-user', '"$USER"'])];
  return ['eulab net up', ...options].join(' ');
}

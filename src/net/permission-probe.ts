import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { locate, probe } from '../exec.ts';
import { capabilitiesOf, helperPath, rulesOf } from './helper.ts';
import type { Lab } from './lab.ts';
import { ownRules, type Permission } from './permission.ts';

/** What a user needs for machines on the bridge, as it is; undefined when nobody asked for it, now or before. Changes nothing. */
export async function permissionFacts({ bridge, bridgeUser, bridgeHelper }: Lab): Promise<Permission | undefined> {
  const path = bridgeHelper ?? helperPath(locate('qemu-system-x86_64'));
  const rules = rulesOf(path ?? '');
  const folder = dirname(rules);
  const own = ownRules(folder, bridge);
  if (bridgeUser === undefined && look(own) === undefined) return undefined;
  const [file, mine, tun] = [path === undefined ? undefined : look(path), look(own), look('/dev/net/tun')];
  return {
    helper:
      path === undefined || file === undefined
        ? undefined
        : { path, ...access(file), capabilities: (await capabilitiesOf(path)) ?? '' },
    setcap: locate('setcap', { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }) !== undefined,
    gids: bridgeUser === undefined ? [] : await groups(bridgeUser),
    rules: { path: rules, folder, text: text(rules), folderStands: look(folder) !== undefined },
    own: mine === undefined ? undefined : { path: own, ...access(mine), text: text(own) ?? '' },
    tun: tun === undefined ? undefined : access(tun),
  };
}

function access({ mode, gid }: Stats) {
  return { mode: mode & 0o7777, gid };
}

function look(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // Somewhere that we may not look.
    return undefined;
  }
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @see id(1) */
async function groups(user: string): Promise<number[]> {
  const { code, stdout } = await probe({ file: 'id', args: ['-G', user] });
  return code === 0 ? stdout.trim().split(' ').map(Number) : [];
}

import type { Command } from '../command.ts';
import type { Facts } from './facts.ts';
import type { Lab } from './lab.ts';
import { type Resource, root } from './resource.ts';

/** What a user needs for machines on a bridge, as it is on this host. */
export interface Permission {
  /** QEMU's program that makes tap devices on bridges; undefined when there is none. */
  readonly helper:
    | { readonly path: string; readonly mode: number; readonly gid: number; readonly capabilities: string }
    | undefined;
  /** Whether setcap(8) is installed. */
  readonly setcap: boolean;
  /** The groups of the user, the own one first; none when there is no such user. */
  readonly gids: readonly number[];
  /** The helper's file of rules; its text is undefined where there is none. */
  readonly rules: {
    readonly path: string;
    readonly folder: string;
    readonly text: string | undefined;
    readonly folderStands: boolean;
  };
  /** Our own file of rules, which that one includes. */
  readonly own: { readonly path: string; readonly mode: number; readonly gid: number; readonly text: string } | undefined;
  readonly tun: { readonly mode: number; readonly gid: number } | undefined;
}

/** Our file of rules for a bridge, in the folder of the helper's own. */
export function ownRules(folder: string, bridge: string): string {
  return `${folder}/eulab-${bridge}.conf`;
}

/**
 * What lets a user, and nobody else, have QEMU join the bridge: the helper's right, its rules, and /dev/net/tun. Pure. `was` is
 * how all that was before eulab changed any of it; undefined when that is not known.
 *
 * The helper gets the one capability that it needs, where setcap is at hand: other than setuid it makes nobody root. The rule is
 * in a file that only the user's group may read, and the helper reads it as its caller.
 *
 * @see capabilities(7)
 */
export function permission(lab: Lab, facts: Facts, was: Permission | undefined): Resource[] {
  const now = facts.permission;
  if (now === undefined) return [];
  const wanted = lab.bridgeUser !== undefined;
  // Another bridge of ours needs the same rights.
  const shared = facts.others.some((other) => other.lab.bridgeUser !== undefined);
  return [
    ...[folder(now, was), ownFile(lab, now), include(lab, now, was)],
    ...(wanted && !shared ? [right(now, was), tun(now, was)] : wanted ? [right(now, undefined), tun(now, undefined)] : []),
  ].map((one) => (wanted ? one : { ...one, make: [], faults: [] }));
}

function right({ helper, setcap, gids }: Permission, was: Permission | undefined): Resource {
  const name = 'right of the bridge helper';
  if (helper === undefined)
    return { name, make: [], remove: [], faults: ['it is not installed: apt-get install qemu-system-common'] };
  const { path, mode, gid, capabilities } = helper;
  const stands = (mode & 0o4000) !== 0 || capabilities.includes('cap_net_admin');
  const setuid = [root('chgrp', String(gids[0]), path), root('chmod', '4750', path)];
  const before = was?.helper?.path === path ? was.helper : undefined;
  const remove: Command[] = [];
  if (before !== undefined && before.capabilities !== capabilities) {
    remove.push(before.capabilities === '' ? root('setcap', '-r', path) : root('setcap', before.capabilities, path));
  }
  if (before !== undefined && before.gid !== gid) remove.push(root('chgrp', String(before.gid), path));
  // A change of the group takes the setuid bit away.
  if (before !== undefined && (before.mode !== mode || before.gid !== gid)) remove.push(root('chmod', octal(before.mode), path));
  const make = setcap ? [root('setcap', 'cap_net_admin+ep', path)] : setuid;
  return { name, make: stands ? [] : make, remove, faults: [] };
}

/** Whoever may open it has a right to no interface by that: the kernel looks at each. */
function tun({ tun: device, gids }: Permission, was: Permission | undefined): Resource {
  const name = 'access to /dev/net/tun';
  if (device === undefined) return { name, make: [], remove: [], faults: ['the host has none: modprobe tun'] };
  const open = (device.mode & 0o6) === 0o6 || ((device.mode & 0o60) === 0o60 && gids.includes(device.gid));
  const back = was?.tun !== undefined && was.tun.mode !== device.mode ? [chmod(was.tun.mode, '/dev/net/tun')] : [];
  return { name, make: open ? [] : [chmod(0o666, '/dev/net/tun')], remove: back, faults: [] };
}

function folder({ rules }: Permission, was: Permission | undefined): Resource {
  const remove = was?.rules.folderStands === false && rules.folderStands;
  return {
    name: `folder ${rules.folder}`,
    make: rules.folderStands ? [] : [root('install', '-d', '-m', '755', rules.folder)],
    remove: remove ? [root('rmdir', '--ignore-fail-on-non-empty', rules.folder)] : [],
    faults: [],
  };
}

function ownFile({ bridge }: Lab, { own, gids, rules }: Permission): Resource {
  const path = ownRules(rules.folder, bridge);
  const group = gids[0] ?? 0;
  const right = own?.text === `allow ${bridge}\n` && own.gid === group && own.mode === 0o640;
  const script = 'umask 077; printf "allow %s\\n" "$1" >"$2" && chgrp "$3" "$2" && chmod 640 "$2"';
  return {
    name: `rule ${path}`,
    make: right ? [] : [root('sh', '-c', script, 'sh', bridge, path, String(group))],
    remove: own === undefined ? [] : [root('rm', path)],
    faults: own === undefined || right ? [] : ['is not as it should be'],
  };
}

/** The line in the helper's own file: added at its end, and taken out of whatever stands there then. */
function include({ bridge }: Lab, { rules }: Permission, was: Permission | undefined): Resource {
  const { path, text } = rules;
  const line = `include ${ownRules(rules.folder, bridge)}\n`;
  const stands = text === line || text?.startsWith(line) === true || text?.includes(`\n${line}`) === true;
  const before = text === undefined || text === '' || text.endsWith('\n') ? '' : '\n';
  const without = text?.replace(line, '') ?? '';
  const old = was?.rules.text;
  // Its last line had no end.
  const exact = old !== undefined && without === `${old}\n` && !old.endsWith('\n') ? old : without;
  const write = root('sh', '-c', 'printf %s "$1" >"$2"', 'sh', exact, path);
  return {
    name: `include in ${path}`,
    make: stands ? [] : [root('sh', '-c', 'umask 022; printf %s "$1" >>"$2"', 'sh', before + line, path)],
    remove: stands ? [was !== undefined && old === undefined && exact === '' ? root('rm', path) : write] : [],
    faults: [],
  };
}

const octal = (mode: number) => mode.toString(8);

const chmod = (mode: number, path: string) => root('chmod', octal(mode), path);

import { once } from 'node:events';
import { userInfo } from 'node:os';
import { Command } from 'commander';
import { settings } from '../config.ts';
import { type Document, documentText } from '../documents/document.ts';
import { EulabError, status as statuses } from '../errors.ts';
import { locate, start } from '../exec.ts';
import { drawing } from '../net/drawing.ts';
import type { Lab } from '../net/lab.ts';
import { down, settings as options, summary, up, type View, view } from '../net/network.ts';
import { type PortUsers, portUsers } from '../net/port-users.ts';
import { isRoot } from '../net/probe.ts';
import { stateOf } from '../net/resource.ts';
import { sudoers as ruleFor } from '../net/sudoers.ts';
import { vlanAsked } from '../net/vlan-refusal.ts';
import { shown } from '../ui.ts';
import type { Context } from './context.ts';
import { planText } from './plan-text.ts';

/** `eulab net up|down|status`. */
export function net(context: Context) {
  return new Command('net')
    .description(
      'The network of the host that machines join: a bridge of their own, with DHCP and NAT, or one that a network card joins.\n' +
        'The only part of eulab that needs root; up and down ask for it through sudo.',
    )
    .addCommand(upCommand(context))
    .addCommand(downCommand(context))
    .addCommand(statusCommand(context))
    .addHelpText('after', '\nExamples:\n  eulab net up\n  eulab net status\n  eulab net down');
}

function upCommand(context: Context) {
  return new Command('up')
    .summary('make it, or mend what lacks')
    .description(
      'Make the network, or mend what lacks. Called twice it changes nothing the second time.\n' +
        'Without --uplink nothing of the host moves. With it, everything is taken back unless the gateway still answers.',
    )
    .addOption(settings.bridge())
    .addOption(settings.bridgeAddress())
    .addOption(settings.uplink())
    .addOption(settings.vlan())
    .addOption(settings.vlanMode())
    .addOption(settings.vlanAddress())
    .addOption(settings.nat())
    .addOption(settings.dhcp())
    .addOption(settings.bridgeUser())
    .addOption(settings.bridgeHelper().helpGroup('Who may use it:'))
    .addOption(settings.tapUser())
    .addOption(settings.confirmWithin())
    .addOption(settings.netForce())
    .addOption(settings.netState())
    .addOption(settings.sudoers())
    .addOption(settings.dryRun())
    .addOption(settings.plan())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab net up\n  eulab net up --uplink enp4s0\n  eulab net up --uplink enp4s0 --vlan 20\n  eulab net up --bridge-user "$USER"\n  eulab net up --dry-run',
    )
    .action(
      async ({
        bridge,
        address,
        confirmWithin,
        force,
        state,
        dryRun,
        plan: _,
        json,
        sudoers,
        vlan: id,
        vlanMode,
        vlanAddress,
        ...rest
      }) => {
        const vlan = vlanAsked({ vlan: id, vlanMode, vlanAddress, uplink: rest.uplink });
        const lab: Lab = { bridge, address, state, ...rest, ...(vlan === undefined ? {} : { vlan }) };
        if (sudoers === true) return void process.stdout.write(rule(flagsOf(context)));
        if (dryRun === true) {
          const { resources } = await view(lab, { force: force === true });
          const calls = resources.flatMap(({ make }) => make);
          return void process.stdout.write(planText('net up', calls, json === true));
        }
        if (!isRoot()) return context.exit(await asRoot(context));
        const changed = await shown(context.manner, async ({ report }) => {
          const act = { signal: context.signal, report };
          const done = await up(lab, { force: force === true, confirmMs: confirmWithin }, act);
          report({ kind: 'note', text: done ? `${bridge} is up` : `${bridge} is up already: nothing to do` });
          return done;
        });
        if (json === true) process.stdout.write(documentText('network-change', { schema: 1, bridge, verb: 'up', changed }));
      },
    );
}

function downCommand(context: Context) {
  return new Command('down')
    .summary('exactly what was before')
    .description(
      'Take the network down: addresses, routes and settings of the host are what they were. Only what eulab made goes.',
    )
    .addOption(settings.bridge())
    .addOption(settings.netState())
    .addOption(settings.dryRun())
    .addOption(settings.plan())
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab net down --dry-run\n  eulab net down')
    .action(async ({ bridge, state, dryRun, json }) => {
      const lab = standing(bridge, state);
      if (dryRun === true) {
        const { resources } = await view(lab, undefined);
        const calls = resources.toReversed().flatMap(({ remove }) => remove);
        return void process.stdout.write(planText('net down', calls, json === true));
      }
      if (!isRoot()) return context.exit(await asRoot(context));
      const changed = await shown(context.manner, async ({ report }) => {
        const done = await down(lab, { signal: context.signal, report });
        report({ kind: 'note', text: done ? `${bridge} is down` : `nothing stands of ${bridge}` });
        return done;
      });
      if (json === true) process.stdout.write(documentText('network-change', { schema: 1, bridge, verb: 'down', changed }));
    });
}

function statusCommand(context: Context) {
  return new Command('status')
    .summary('what stands, and what is wrong with it')
    .description('What stands of the network, what is wrong with it (status 1), and what is connected.')
    .addOption(settings.bridge())
    .addOption(settings.netState())
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab net status\n  eulab net status --json | jq .ports')
    .action(async ({ bridge, state, json }) => {
      const seen = await view(standing(bridge, state), undefined);
      const users = portUsers();
      if (json === true) process.stdout.write(documentText('network', told(bridge, seen, users)));
      else print(described(bridge, seen, users));
      if (summary(seen) === 'partial') context.exit(statuses.failed);
    });
}

/** For `down` and `status`, which go by the journal and by what is there. */
function standing(bridge: string, state: string): Lab {
  return { bridge, state, address: settings.bridgeAddress().defaultValue, nat: true, dhcp: true };
}

function told(bridge: string, seen: View, users: PortUsers): Document<'network'> {
  const { facts, journal } = seen;
  return {
    schema: 1,
    bridge,
    state: summary(seen),
    uplink: journal.lab.uplink ?? null,
    vlan: journal.lab.vlan ?? null,
    resources: seen.resources.map((one) => ({ name: one.name, state: stateOf(one), faults: one.faults })),
    ports: facts.links
      .filter(({ master }) => master === bridge)
      .map(({ ifname, operstate }) => ({
        name: ifname,
        operstate,
        vlans: facts.vlans[ifname] ?? [],
        users: users[ifname] ?? [],
      })),
  };
}

function described(bridge: string, seen: View, users: PortUsers): string[] {
  const state = summary(seen);
  if (state === 'absent') return [`${bridge}: nothing stands; make it with: eulab net up`];
  const shown = seen.resources.filter(({ make, remove, faults }) => make.length + remove.length + faults.length > 0);
  const wide = Math.max(...shown.map(({ name }) => name.length));
  return [
    ...drawing(seen.journal.lab, seen.facts, users),
    '',
    ...shown.map((one) => `${one.name.padEnd(wide)}  ${[stateOf(one), ...one.faults].join(': ')}`),
    ...(seen.facts.root ? [] : ['', 'rules of nft and iptables, and who uses a port, cannot be seen without root']),
    ...(state === 'partial' ? ['', `to mend it: eulab net up ${options(seen.journal.lab)}`] : []),
  ];
}

/** What files of settings say, as the command line would: with the rights that sudo lends no file is read. */
function flagsOf({ settings }: Context): string[] {
  return settings.given().flatMap(({ setting: { option }, texts }) => {
    if (typeof texts === 'boolean') return texts === option.negate ? [] : [option.long ?? ''];
    return texts.map((text) => `${option.long}=${text}`);
  });
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** For a call that says all that files would. */
const noFiles = ['--config', 'none'];

/** The rule of sudo for this call and for the one that takes its network down again. */
function rule(fromFiles: readonly string[]): string {
  const [program = '', ...typed] = process.argv.slice(1).filter((word) => word !== '--sudoers');
  const words = [...typed, ...fromFiles];
  const without = (flags: readonly string[]) => (flags.length > 0 ? noFiles : []);
  const place = words.flatMap((word, index) => {
    if (/^--(bridge|state)=/.test(word)) return [word];
    return word === '--bridge' || word === '--state' ? words.slice(index, index + 2) : [];
  });
  const calls = [
    [...without(fromFiles), ...words],
    [...without(fromFiles.filter((flag) => place.includes(flag))), 'net', 'down', ...place],
  ];
  return ruleFor(
    userInfo().username,
    calls.map((call) => [process.execPath, program, ...call]),
  );
}

/** This very call again, as root: one question for a password at most. Returns its status. @throws EulabError (3) without sudo. */
async function asRoot(context: Context): Promise<number> {
  if (locate('sudo') === undefined) {
    throw new EulabError('the network of the host is root’s, and sudo is not installed', {
      hint: 'call it as root; eulab net up --dry-run prints what it would do',
      exitCode: statuses.notReady,
    });
  }
  const env = Object.entries(process.env).flatMap(([name, value]) => (name.startsWith('EULAB_') ? [`${name}=${value}`] : []));
  // Without a variable there is no env: a rule of sudoers can then name this call and no other.
  const [program = '', ...words] = process.argv.slice(1);
  const flags = flagsOf(context);
  const call = [process.execPath, program, ...(flags.length > 0 ? noFiles : []), ...words, ...flags];
  const { events } = context.manner;
  if (events?.target.startsWith('fd:')) {
    throw new EulabError(`--events ${events.target}: sudo closes it`, {
      hint: 'name a file: --events FILE; or call it as root',
      exitCode: statuses.usage,
    });
  }
  // Where nobody sits before a terminal nobody is asked for a password.
  const silent = process.stdin.isTTY || process.stderr.isTTY ? [] : ['-n'];
  const args = [...silent, ...(env.length === 0 ? [] : ['env', ...env]), ...call];
  events?.handOver();
  const child = await start({ file: 'sudo', args }, ['inherit', 'inherit', 'inherit']);
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : statuses.failed;
}

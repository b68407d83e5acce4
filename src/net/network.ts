import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from '../artifacts/lock.ts';
import { type Command, show } from '../command.ts';
import { CommandError, EulabError, isErrno, status } from '../errors.ts';
import { run } from '../exec.ts';
import type { Report } from '../report.ts';
import { difference } from './difference.ts';
import { type Facts, linkOf } from './facts.ts';
import { answering, gateways } from './gateway.ts';
import { forget, type Journal, readJournal, writeJournal } from './journal.ts';
import { alias, detourNames, type Lab, named, ours, tapOf, type Vlan } from './lab.ts';
import { begin, recovered, resources } from './plan.ts';
import { probe } from './probe.ts';
import { refuse } from './refusal.ts';
import { type Resource, stateOf } from './resource.ts';
import { vlanName } from './vlan.ts';
import { arm, type Watchdog } from './watchdog.ts';

/** What an act on the network needs beside the lab. */
export interface Act {
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** The network as it is wanted, as it was, and as it is. */
export interface View {
  readonly journal: Journal;
  readonly facts: Facts;
  readonly resources: readonly Resource[];
  /** Whether `net up` was called before and `net down` was not. */
  readonly begun: boolean;
}

/** How long a gateway may take to answer. */
const answerMs = 3000;

/** No call of these programs takes long: one that hangs is a failure. */
const stepMs = 20_000;

/**
 * The network that stands, or was begun; with `wanted` undefined, what there is of it. Changes nothing.
 *
 * @throws EulabError (2) when a network of other settings stands; as `refuse` and `probe` do.
 */
export async function view(lab: Lab, wanted: { readonly force: boolean } | undefined): Promise<View> {
  const written = await readJournal(lab.state, lab.bridge);
  if (written !== undefined && wanted !== undefined && settings(written.lab) !== settings(lab)) {
    throw new EulabError(`${lab.bridge} was made with other settings: ${settings(written.lab)}`, {
      hint: `take it down first: eulab net down${lab.bridge === 'vmbr0' ? '' : ` --bridge ${lab.bridge}`}`,
      exitCode: status.usage,
    });
  }
  const known = { ...(written?.lab ?? lab), state: lab.state };
  const facts = await probe(known, known.uplink);
  if (wanted !== undefined) refuse(lab, facts, { standing: written !== undefined, force: wanted.force });
  const orphan = written === undefined && (wanted === undefined || ours(linkOf(facts, lab.bridge)));
  const journal = written ?? (orphan ? recovered(lab, facts) : begin(lab, facts));
  if (wanted !== undefined && orphan && alias(named(linkOf(facts, lab.bridge)?.ifalias)) !== alias(lab)) {
    throw new EulabError(`${lab.bridge} was made with other settings, and its journal is lost`, {
      hint: 'take it down first: eulab net down',
      exitCode: status.usage,
    });
  }
  return { journal, facts, resources: resources(journal, facts), begun: written !== undefined || orphan };
}

/**
 * Makes what lacks of the network and mends what is wrong with it. Returns whether anything had to be done. What was changed is
 * taken back when it fails, when a signal comes, and, with an uplink, when eulab dies or no gateway answers.
 *
 * @throws EulabError as `view`; when the gateway is lost; when something does not stand in the end.
 */
export async function up(lab: Lab, { force, confirmMs }: { force: boolean; confirmMs: number }, act: Act): Promise<boolean> {
  await using _ = await held(lab, 'up', act);
  const before = await view(lab, { force });
  const steps = before.resources.flatMap(({ make }) => make);
  for (const { name, faults, make } of before.resources) {
    if (make.length === 0) for (const fault of faults) act.report({ kind: 'warning', text: `${name}: ${fault}` });
  }
  if (steps.length === 0) return false;
  const moves = before.journal.uplink !== undefined;
  const nic = before.journal.uplink?.nic;
  const port = nic !== undefined && linkOf(before.facts, nic)?.master === lab.bridge;
  const expected = moves
    ? await answering(gateways(before.journal.uplink?.routes ?? []), port ? lab.bridge : (nic ?? ''), answerMs)
    : [];
  await writeJournal(before.journal);
  let watchdog: Watchdog | undefined;
  try {
    watchdog = moves ? await arm(lab, confirmMs) : undefined;
    act.report({ kind: 'step', text: `making ${lab.bridge}` });
    await apply(steps, act);
    act.report({ kind: 'step', text: `looking whether ${lab.bridge} stands` });
    await proven(lab, act);
    await reached(lab, expected);
    await watchdog?.confirm();
  } catch (error) {
    // What stood before is not torn down because a repair failed, but for a host that is cut off.
    if (!before.begun || moves) await takeBack(lab, error);
    await watchdog?.confirm();
    throw error;
  }
  return true;
}

async function apply(steps: readonly Command[], { signal, report }: Partial<Act>): Promise<void> {
  for (const step of steps) {
    signal?.throwIfAborted();
    report?.({ kind: 'line', text: show(step) });
    try {
      // No signal ends a step: half of one is what nobody could take back.
      await run(step, { timeoutMs: stepMs });
    } catch (error) {
      throw error instanceof CommandError ? failed(step, error) : error;
    }
  }
}

/** The error of a step, with what its program said, and what can be done without. */
function failed(step: Command, { message, stderr }: CommandError): EulabError {
  const hints: Readonly<Record<string, string>> = {
    dnsmasq: 'another server may have the port on all addresses; do without: --no-dhcp',
    nft: 'the kernel may lack NAT (CONFIG_NFT_MASQ, CONFIG_NFT_CHAIN_NAT); do without: --no-nat',
    timeout: 'the bridge did not begin to forward within 5 seconds: see ip link',
  };
  const details = [show(step), ...stderr.split('\n').filter(Boolean)];
  return new EulabError(message, { details, hint: hints[step.file], cause: stderr });
}

/** @throws EulabError when something does not stand that was made. */
async function proven(lab: Lab, { signal }: Act): Promise<void> {
  signal.throwIfAborted();
  const after = await view(lab, undefined);
  const lacking = after.resources.filter((one) => one.make.length > 0);
  if (lacking.length === 0) return;
  throw new EulabError(`it was made and does not stand: ${lacking.map(({ name }) => name).join(', ')}`, {
    details: lacking.flatMap(({ faults }) => faults),
  });
}

/** @throws EulabError when a gateway that answered before does not answer on the bridge. */
async function reached(lab: Lab, expected: readonly string[]): Promise<void> {
  const found = await answering(expected, lab.bridge, answerMs);
  const lost = expected.filter((address) => !found.includes(address));
  if (lost.length === 0) return;
  throw new EulabError(`the gateway ${lost.join(', ')} does not answer through ${lab.bridge}; everything is as it was`, {
    hint: 'the LAN may admit one hardware address a port, or the card is a virtual one whose host filters; use an isolated bridge',
  });
}

async function takeBack(lab: Lab, error: unknown): Promise<void> {
  try {
    await remove(lab, () => undefined);
  } catch (second) {
    const why = second instanceof Error ? second.message : String(second);
    throw new EulabError(`${error instanceof Error ? error.message : error}; and taking it back failed: ${why}`, {
      hint: 'eulab net down',
      cause: error,
    });
  }
}

/** Restores what was before `up`. Returns whether there was anything. @throws EulabError when a step fails: call it again. */
export async function down(lab: Lab, act: Act): Promise<boolean> {
  await using _ = await held(lab, 'down', act);
  return remove(lab, act.report);
}

async function remove(lab: Lab, report: Report): Promise<boolean> {
  const { journal, facts, resources: all, begun } = await view(lab, undefined);
  const stranger = linkOf(facts, lab.bridge);
  const steps = all.toReversed().flatMap((one) => one.remove);
  if (stranger !== undefined && !ours(stranger)) report({ kind: 'note', text: `${lab.bridge} was not made by eulab: it stays` });
  const { uplink: card, vlan } = journal.lab;
  const own = [
    card,
    ...(vlan === undefined ? [] : [vlanName(card ?? '', vlan)]),
    ...(journal.lab.tapUser === undefined ? [] : [tapOf(journal.lab.tapUser)]),
    detourNames(lab.bridge).port,
  ];
  for (const { ifname } of facts.links.filter((one) => one.master === lab.bridge && !own.includes(one.ifname))) {
    report({ kind: 'warning', text: `${ifname} was a port of ${lab.bridge} and has no network now` });
  }
  await apply(steps, { report });
  const saved = journal.uplink;
  if (saved !== undefined) {
    for (const text of difference(saved, await probe(lab, saved.nic))) report({ kind: 'warning', text });
  }
  await forget(lab.state, lab.bridge);
  return begun && (steps.length > 0 || ours(stranger));
}

/** One eulab at a time changes the network of a state folder. */
async function held({ state }: Lab, verb: string, { signal, report }: Act): Promise<AsyncDisposable> {
  try {
    await mkdir(state, { recursive: true, mode: 0o755 });
  } catch (error) {
    if (isErrno(error))
      throw new EulabError(`cannot make ${state}: ${error.message}`, { exitCode: status.notReady, cause: error });
    throw error;
  }
  return lock(join(state, 'net.lock'), `eulab net ${verb}`, { signal, report });
}

/** The settings of a network as the options that say them. */
export function settings({ bridge, address, uplink, vlan, nat, dhcp, tapUser, bridgeUser }: Lab): string {
  const own = [`--address ${address}`, ...(nat ? [] : ['--no-nat']), ...(dhcp ? [] : ['--no-dhcp'])];
  const tap = tapUser === undefined ? [] : [`--tap-user ${tapUser}`];
  const user = bridgeUser === undefined ? [] : [`--bridge-user ${bridgeUser}`];
  return [
    `--bridge ${bridge}`,
    ...(uplink === undefined ? own : [`--uplink ${uplink}`]),
    ...vlanOptions(vlan),
    ...tap,
    ...user,
  ].join(' ');
}

function vlanOptions(vlan: Vlan | undefined): string[] {
  if (vlan === undefined) return [];
  const address = vlan.address === undefined ? [] : [`--vlan-address ${vlan.address}`];
  return [`--vlan ${vlan.id}`, ...(vlan.mode === 'sub' ? [] : ['--vlan-mode aware']), ...address];
}

/** Whether all stands, something lacks, or nothing is there. Pure. */
export function summary({ resources: all }: View): 'up' | 'partial' | 'absent' {
  const states = all.map(stateOf).filter((state) => state !== 'unknown');
  if (all.every(({ remove: calls }) => calls.length === 0)) return 'absent';
  return states.every((state) => state === 'up') ? 'up' : 'partial';
}

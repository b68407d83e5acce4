import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { show } from '../../command.ts';
import { checkNamespaces } from '../../disk/namespaces.ts';
import { EulabError } from '../../errors.ts';
import { locate, missing, probe } from '../../exec.ts';
import { checkTun } from '../../net/tap-access.ts';
import { type Goal, judged, missed, skipped } from '../goal.ts';
import type { Host, Lab, Lacking } from '../lab.ts';
import { type Arp, arps, arpText } from '../packets.ts';
import { compared, type Question, yesNo, yesOrNo } from '../prediction.ts';
import { ended, predicted, shown, type Trial } from '../trial.ts';

export const cables: Lab = { name: 'cables', title: 'Three cables: user, tap, bridge', lacks, check };

const mostMs = 20_000;

const who = (key: 'user' | 'tap', card: string, address: string, why: string): Question => ({
  key,
  about: `who answers ${card} for ${address}`,
  answers: ['qemu', 'host'],
  why,
});

const user = who(
  'user',
  'eth0',
  '10.0.2.2',
  'in user mode QEMU plays the gateway itself, as 52:55:0a:00:02:02; the host sees no frame',
);
const tap = who(
  'tap',
  'eth1',
  '10.6.1.1',
  "a tap device is a card of the host's, and its kernel answers for the address that it has",
);
const heard: Question = {
  key: 'heard',
  about: 'eth3 hears what eth2 asks',
  answers: yesOrNo,
  why: 'a question to all goes out at every port of the bridge',
};

/** What the machine asks by its cards; without an answer it asks twice more, a second each. */
const ask = (...addresses: readonly string[]) =>
  `for card in /sys/class/net/eth*; do ip link set \${card##*/} up; done; ${addresses.map((one) => `ping -c 1 -W 1 ${one} & `).join('')} wait`;

async function lacks({ env, signal }: Host): Promise<Lacking[]> {
  const without = 'the lab is done with what needs no rights: QEMU’s own network, and eulab’s switch in the place of a bridge';
  try {
    const absent = ['unshare', 'ip'].filter((program) => locate(program, env) === undefined);
    const [first, ...others] = absent;
    if (first !== undefined) throw missing(first, ...others);
    checkTun();
    await checkNamespaces(signal);
    await checkSysfs(signal);
    return [];
  } catch (error) {
    if (!(error instanceof EulabError)) throw error;
    return [{ what: error.message, remedy: error.hint ?? 'see eulab doctor', without }];
  }
}

/** Where /sys may not be mounted anew, as in most containers, no interface of another network is to be seen. */
async function checkSysfs(signal: AbortSignal): Promise<void> {
  const args = ['--map-root-user', '--net', '--mount', 'mount', '-t', 'sysfs', 'sysfs', '/sys'];
  const { code, stderr } = await probe({ file: 'unshare', args }, { signal, timeoutMs: 5000 });
  if (code === 0) return;
  throw new EulabError(`no network of its own is to be had: ${stderr.trim().split('\n')[0]}`, {
    hint: 'run it outside of the container or sandbox, which forbids mounting /sys',
  });
}

async function check(trial: Trial): Promise<Goal[]> {
  const [lack] = await lacks(trial);
  for (const card of [0, 1, 2, 3]) rmSync(pcap(trial, card), { force: true });
  return lack === undefined ? await inNamespace(trial) : await onSwitch(trial, lack);
}

const pcap = ({ folder }: Trial, card: number) => join(folder, `eth${card}.pcap`);

const named = (trial: Trial, card: number) => `pcap=${shown(trial, `eth${card}.pcap`).replaceAll(',', ',,')}`;

/** What went over a card's cable. */
function heardAt(trial: Trial, card: number): Arp[] {
  const file = pcap(trial, card);
  return existsSync(file) ? arps(readFileSync(file)) : [];
}

/** The learner's own cables, in a network that is gone afterwards; eulab boots in there, as it would outside. */
async function inNamespace(trial: Trial): Promise<Goal[]> {
  const { workspace, signal, folder } = trial;
  const runtime = mkdtempSync(join(tmpdir(), 'eulab-learn-'));
  const cards = [
    `user,${named(trial, 0)}`,
    `tap:tap0,ip=10.6.1.2/24,${named(trial, 1)}`,
    `tap:tap1,ip=10.6.2.2/24,${named(trial, 2)}`,
    `tap:tap2,ip=none,${named(trial, 3)}`,
  ].flatMap((card) => ['--net', card]);
  const boot = ['boot', '--timeout', '15s', ...cards, '--', 'sh', '-c', ask('10.0.2.2', '10.6.1.1', '10.6.2.1')];
  const eulab = [process.execPath, process.argv[1] ?? 'eulab', '--config', 'none', '-C', workspace.root, ...boot];
  // What the script says and what eulab says are told apart by where they go.
  const steps = 'ip link set dev lo up; sh -e "$0" >&2 || exit 97; ip -o link; echo ==; exec "$@"';
  const args = [join(folder, 'namespace'), 'sh', '-c', steps, join(folder, 'host'), ...eulab];
  trial.step(`booting: ${show({ file: 'sh', args: [shown(trial, 'namespace'), 'eulab', 'boot', ...cards] })}`);
  try {
    const env = { XDG_RUNTIME_DIR: runtime };
    const { code, stdout, stderr } = await probe({ file: 'sh', args, env }, { signal, timeoutMs: mostMs });
    signal.throwIfAborted();
    const [, links] = /^(.*)\n==(?:\n|$)/s.exec(stdout) ?? [];
    const said = stderr.trim().split('\n').slice(-4);
    if (code === 97)
      return [missed(`${shown(trial, 'host')} makes the cables`, said, 'each of its lines has to succeed (sh -e)')];
    if (links === undefined) return [missed('there is a network of its own', said, `${shown(trial, 'namespace')} failed`)];
    if (code === 2 || code === 3) return [missed('the machine gets its cards', said)];
    if (code !== 0) return [missed('the machine boots', said)];
    return judge(trial, links);
  } finally {
    rmSync(runtime, { recursive: true, force: true });
  }
}

function judge(trial: Trial, links: string): Goal[] {
  const given = predicted(trial);
  const file = shown(trial, 'predict');
  const own = new Set([...links.matchAll(/link\/ether (\S+)/g)].map(([, mac]) => mac));
  const voice = (one: Arp | undefined) => (one === undefined ? undefined : own.has(one.from) ? 'host' : 'qemu');
  const [atUser, atTap, atBridge] = [answer(trial, 0, '10.0.2.2'), answer(trial, 1, '10.6.1.1'), answer(trial, 2, '10.6.2.1')];
  const echo = question(trial, 3, '10.6.2.1');
  const isPort = (name: string) => new RegExp(`^\\d+: ${name}: .* master br0 `, 'm').test(links);
  return [
    compared(given, user, voice(atUser), file),
    compared(given, tap, voice(atTap), file),
    compared(given, heard, atBridge === undefined && echo === undefined ? undefined : yesNo(echo !== undefined), file),
    answered(trial, 0, '10.0.2.2', []),
    answered(trial, 1, '10.6.1.1', ['nobody at the other end of the cable has the address: tap0 is the host’s card there']),
    answered(trial, 2, '10.6.2.1', [
      isPort('tap1')
        ? 'tap1 is a port of br0, which has to be up, and on which the host has to have the address'
        : 'tap1 is no port of a bridge br0 that is up',
    ]),
    judged(
      'eth3 hears what eth2 asks',
      echo !== undefined,
      echo === undefined ? [] : [`eth3: ${arpText(echo)}`],
      isPort('tap2')
        ? 'tap2 is a port of br0, and nothing came: is br0 up, and tap1 a port of it too?'
        : 'tap2 is no port of br0',
    ),
  ];
}

function answer(trial: Trial, card: number, address: string): Arp | undefined {
  return heardAt(trial, card).find(({ kind, about }) => kind === 'reply' && about === address);
}

function question(trial: Trial, card: number, address: string): Arp | undefined {
  return heardAt(trial, card).find(({ kind, about }) => kind === 'request' && about === address);
}

function answered(trial: Trial, card: number, address: string, why: readonly string[]): Goal {
  const seen = [question(trial, card, address), answer(trial, card, address)].flatMap((one) =>
    one === undefined ? [] : [`eth${card}: ${arpText(one)}`],
  );
  return judged(`eth${card} gets an answer for ${address}`, answer(trial, card, address) !== undefined, seen, ...why);
}

/** What can be seen without any rights: QEMU's own network, and two cards on a switch of eulab's, which does what a bridge does. */
async function onSwitch(trial: Trial, { what, remedy }: Lacking): Promise<Goal[]> {
  const lab = `lab:learn-${process.pid}`;
  const cards = [`user,${named(trial, 0)}`, `${lab},ip=10.6.2.2/24,${named(trial, 2)}`, `${lab},ip=none,${named(trial, 3)}`];
  const seen = await trial.boot({
    options: cards.flatMap((card) => ['--net', card]),
    command: ['sh', '-c', ask('10.0.2.2', '10.6.2.1')],
  });
  if (seen.status === undefined) return [ended('the machine boots', seen)];
  const given = predicted(trial);
  const file = shown(trial, 'predict');
  const echo = question(trial, 3, '10.6.2.1');
  return [
    compared(given, user, answer(trial, 0, '10.0.2.2') && 'qemu', file),
    compared(given, heard, yesNo(echo !== undefined), file),
    answered(trial, 0, '10.0.2.2', []),
    judged('a card on a switch hears what another one asks', echo !== undefined, echo === undefined ? [] : [arpText(echo)]),
    skipped('the tap and the bridge of the host', what, remedy),
  ];
}

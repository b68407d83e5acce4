import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { EulabError, Interrupted, isErrno, type Signal, signalNumbers } from '../errors.ts';
import type { GuestCommand, Size } from './channel/frame.ts';
import { connect, type Link, type Session } from './channel/link.ts';
import type { ConsoleLog, Line } from './console.ts';
import type { Inspection } from './inspection/inspection.ts';
import type { Bare } from './machine/qemu.ts';
import type { Course } from './outcome.ts';
import type { Claim } from './running/running.ts';
import { serve } from './running/server.ts';
import { launch, type Vm } from './vm.ts';
import type { PhaseLimits } from './watch/watch.ts';
import { elapsedMs, watchdog } from './watch/watchdog.ts';

/** The user's end of a command's streams. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** What reaches a command while it runs. */
export interface Events {
  /** Calls `take` with the next signal that this process gets, instead of ending the machine; until disposed. */
  passSignal(take: (signal: Signal) => void): Disposable;
  /** Calls `take` with each new size of the user's terminal; until disposed. */
  resized(take: (size: Size) => void): Disposable;
}

/** One machine whose guest has eulab's agent. */
export interface Boot {
  readonly machine: Bare;
  /** The file for the guest's console. */
  readonly log: string;
  /** Claims the machine's name and its folder. */
  readonly claim: () => Promise<Claim>;
  /** For the whole boot and what is done with it; undefined for none. */
  readonly timeoutMs: number | undefined;
  /** Whether the lines of the console are wanted with the time at which each came. */
  readonly timed: boolean;
  /** For single phases, in milliseconds, where they are not to be the default. */
  readonly limits?: PhaseLimits;
  /** Told how it went, at every end. */
  readonly onEnd?: (course: Course) => void;
  readonly signal: AbortSignal;
  /** The terminal that is in raw mode meanwhile. */
  readonly terminal?: { readonly device: string; readonly settings: string };
  /** How the agent is reached, when it is not by waiting for its greeting. */
  readonly reach?: (vm: Vm) => Promise<Link>;
  /** Told when QEMU has been started, when the guest gets the command, and when its status is here. */
  readonly onMoment?: ((moment: Moment, console: ConsoleLog, status?: number) => void) | undefined;
  readonly inspection?: Inspection | undefined;
}

/** One command in one machine. */
export interface Run extends Boot {
  readonly command: GuestCommand;
  readonly streams: Streams;
  readonly events: Events;
}

export type Moment = 'start' | 'command' | 'status';

/** How long a guest may take to unmount its disks: what the command wrote is on them already. */
const unmountMs = 5000;

/** How long a command may take to end after a signal was passed on to it, as docker-stop(1) has it. */
const graceMs = 10_000;

/**
 * Boots, runs the command with the user's streams, and returns its status. No QEMU is left when this returns or throws.
 *
 * @throws EulabError as `withGuest`.
 */
export function runCommand(run: Run): Promise<number> {
  const use = async (link: Link, vm: Vm, over: AbortSignal) => {
    run.onMoment?.('command', vm.console);
    const code = await attend(link, run, over);
    run.onMoment?.('status', vm.console, code);
    const fault = unpackFault(vm.console.lines());
    if (fault !== undefined) run.streams.stderr.write(`eulab: ${fault}\n`);
    return code;
  };
  const watch: Watch = (vm, work) => run.inspection?.watch({ ...holder(run), vm }, work) ?? work;
  return withGuest(run, use, watch);
}

/** What the user has to know of a kernel that could not unpack its initramfs to the end, and started all the same. */
function unpackFault(lines: readonly Line[]): string | undefined {
  const why = lines.map(({ text }) => /Initramfs unpacking failed: (.*)/.exec(text)?.[1]).find((found) => found !== undefined);
  return why && `the kernel could not unpack all of the initramfs (${why}): what ran in it may be damaged`;
}

/**
 * Boots, hands the link to the guest's agent to `use`, and ends the machine when that is through; returns what it returned.
 * `over` is aborted when it need not go on. No QEMU is left when this returns or throws.
 *
 * @throws EulabError 255 when the guest panicked or died, 125 when it ended otherwise before `use` was through, 124 at the
 *   time limit, and the signal's own reason when it is aborted.
 */
export async function withGuest<Out>(
  boot: Boot,
  use: (link: Link, vm: Vm, over: AbortSignal) => Promise<Out>,
  watch: Watch = (_vm, work) => work,
): Promise<Out> {
  await using vm = await launch(boot.machine, { ...boot, live: boot.timed });
  boot.onMoment?.('start', vm.console);
  const over = new AbortController();
  const guest: Guest = { link: undefined, readyMs: undefined };
  using _server = await serve(vm, () => guest.link);
  const converse = async () => {
    guest.link = await (boot.reach ?? greeted)(vm);
    guest.readyMs = elapsedMs(vm);
    await vm.plugged;
    return await use(guest.link, vm, over.signal);
  };
  try {
    const work = Promise.race([
      converse(),
      died(vm, guest, over.signal),
      watchdog(boot, vm, guest, over.signal),
      aborted(boot.signal, over.signal),
      vm.plugged.then(never),
    ]);
    const result = await watch(vm, work);
    if (boot.machine.drives.some(({ writes }) => writes === 'kept')) await settled(vm, guest.link, over.signal);
    return result;
  } finally {
    over.abort();
    boot.onEnd?.({ lines: vm.console.lines(), readyMs: guest.readyMs, endMs: elapsedMs(vm), log: vm.console.file });
  }
}

/** The outcome of the work with a machine, as far as nothing else comes first. */
type Watch = <Out>(vm: Vm, work: Promise<Out>) => Promise<Out>;

/** What an inspection needs of a command's user. */
function holder({ machine, streams, signal, events, timeoutMs }: Run) {
  const whole = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)];
  return {
    machine,
    say: (line: string) => void streams.stderr.write(`${line}\n`),
    takeOver: () => {
      streams.stdin.destroy();
      const ended = new AbortController();
      // Not for the command any more: it stands still.
      events.passSignal((next) => ended.abort(new Interrupted(next)));
      return AbortSignal.any([signal, ended.signal, ...whole]);
    },
  };
}

/** What is known of the guest's agent; it has a link once it has answered. */
interface Guest {
  link: Link | undefined;
  /** When it answered, by the clock of the console's lines. */
  readyMs: number | undefined;
}

/** Waits for the agent's greeting. That QEMU ended before is told by others. */
async function greeted(vm: Vm): Promise<Link> {
  const ports = await Promise.all([vm.port('agent'), vm.port('serial')]).catch(() => never());
  return await connect(ports);
}

/** Lets the guest unmount its disks, so that the next one finds them clean; nothing is lost when it does not. */
async function settled(vm: Vm, link: Link | undefined, over: AbortSignal): Promise<void> {
  link?.powerOff();
  await Promise.race([vm.ended, pause(unmountMs, over)]);
}

/** What a command needs of its user's side, wherever its machine is. */
export type Attended = Pick<Run, 'command' | 'streams' | 'events'>;

/** Runs a command over a link with the user's streams, signals and terminal; returns its status. */
export async function attend(link: Link, { command, streams, events }: Attended, over: AbortSignal): Promise<number> {
  const session = link.open(command, streams);
  const feeding = feed(streams.stdin, session);
  over.addEventListener('abort', () => feeding.stop(), { once: true });
  const failing = new AbortController();
  using _signal = events.passSignal((signal) => {
    session.signal(signalNumbers[signal]);
    setTimeout(() => failing.abort(new Interrupted(signal)), graceMs).unref();
  });
  using _size = events.resized((size) => session.resize(size));
  // The end of the machine fails the session too; what that end was is told by others.
  return await Promise.race([
    session.exit.catch(() => never()),
    brokenPipe(streams.stdout, over),
    brokenPipe(streams.stderr, over),
    aborted(failing.signal, over),
  ]);
}

/** Sends the user's input to its end; an input that fails or is closed is an end like any other. */
function feed(source: Readable, session: Session): { stop(): void } {
  const send = async () => {
    for await (const chunk of source) await session.input(chunk);
  };
  send().then(
    () => session.endInput(),
    () => session.endInput(),
  );
  return { stop: () => source.destroy() };
}

/** Rejects when the reader of an output goes away (`| head`): it ends the run as SIGPIPE would end the command here. */
async function brokenPipe(output: Writable, over: AbortSignal): Promise<never> {
  const error = await once(output, 'error', { signal: over }).then(
    ([failure]) => failure,
    () => never(),
  );
  if (!isErrno(error) || error.code !== 'EPIPE') throw error;
  throw new EulabError('the reader of the output went away', { exitCode: 128 + 13 });
}

/** Explains the end of the machine, unless nobody waits for it any more. */
async function died(vm: Vm, { readyMs }: Guest, over: AbortSignal): Promise<never> {
  const end = await vm.ended;
  if (over.aborted) return never();
  // A boot that goes well never needs it.
  const { diagnose } = await import('./diagnose/diagnose.ts');
  throw diagnose({ ...end, console: vm.console.lines(), log: vm.console.file, ready: readyMs !== undefined });
}

/** Never settles when it is over before. */
function pause(ms: number, over: AbortSignal): Promise<void> {
  return wait(Math.max(0, ms), undefined, { signal: over }).catch(() => never());
}

/** Rejects with the signal's reason when it is aborted; `over` is aborted when nobody waits for that any more. */
export function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    over.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
  });
}

/** For a race that another runner decides. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

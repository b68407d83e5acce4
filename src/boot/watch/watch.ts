import type { Line } from '../console.ts';
import { beforePrograms, haltedMs, type Phase, phase, phaseNames } from './phase.ts';

/** What can run out: a phase, the patience with a console that says nothing, or the time for all of it (`--timeout`). */
export const limitNames = [...phaseNames, 'silence'] as const;
export type LimitName = (typeof limitNames)[number] | 'whole' | 'halted';

/** How long each may take, in milliseconds; infinite for no limit. */
export type Limits = { readonly [Name in LimitName]: number };

/** The limits that a user asked for, in milliseconds; infinite for none. */
export type PhaseLimits = { readonly [Name in (typeof limitNames)[number]]?: number };

/** A limit that is over, in which phase the boot was then, and a sentence that says so. */
export interface Overdue {
  readonly limit: LimitName;
  readonly limitMs: number;
  readonly phase: Phase;
  readonly message: string;
}

/** What a boot's limits are judged by. Every time counts from QEMU's start, by the host's clock. */
export interface Watched {
  readonly lines: readonly Line[];
  /** When the guest's agent answered; undefined when it has not. */
  readonly readyMs: number | undefined;
  readonly limits: Limits;
  /** False for a kernel that was told to be quiet: what the console does not show is then no sign of anything. */
  readonly talks: boolean;
}

/**
 * What a boot may take unless told otherwise, under KVM: a boot that gets anywhere needs a hundredth of it, so that a host
 * which has other things to do does not end one. They are finite because a start that hangs must end by itself, also where
 * nobody watches. A command may take, and be silent, as long as it likes.
 *
 * Silence is shorter than a phase: a kernel says something every few seconds until init runs, and hangs more often than it
 * crawls. A machine that said its last words gets two seconds, for those to arrive whole.
 */
const defaults: Limits = {
  whole: Number.POSITIVE_INFINITY,
  firmware: 20_000,
  kernel: 60_000,
  init: 60_000,
  command: Number.POSITIVE_INFINITY,
  silence: 30_000,
  halted: 2000,
};

/**
 * The limits of one boot: those that were asked for as they are, the others scaled for its machine. Pure.
 *
 * Emulation is slower by a factor of five to ten, but the defaults have room for most of that: they are stretched by
 * three, and by a quarter for each CPU beyond the first, which all take turns on one host thread when it is busy (a second
 * one costs 25 % of a boot). A machine that gdb holds has no limits but those that were asked for; one that is to stand
 * still after a panic may stand.
 */
export function limits(
  machine: { readonly accel: string; readonly cpus: number },
  asked: PhaseLimits & { readonly whole?: number | undefined } = {},
  debug: { readonly gdb?: unknown; readonly keepPanicked?: boolean } = {},
): Limits {
  const factor = machine.accel === 'tcg' ? 3 * (1 + (machine.cpus - 1) / 4) : 1;
  const usual = (name: LimitName) => {
    if (debug.gdb !== undefined) return Number.POSITIVE_INFINITY;
    if (name !== 'halted') return defaults[name] * factor;
    return debug.keepPanicked === true ? Number.POSITIVE_INFINITY : defaults.halted;
  };
  const wanted: { readonly [Name in LimitName]?: number | undefined } = asked;
  const names = Object.keys(defaults) as LimitName[];
  return Object.fromEntries(names.map((name) => [name, wanted[name] ?? usual(name)])) as Limits;
}

/**
 * The limit that is over at `nowMs`, the one that ran out first when there are several; undefined when none is.
 *
 * Pure. Silence counts until the guest's agent answers, from the last line's beginning; a phase's time from the phase's.
 */
export function overdue(watched: Watched, nowMs: number): Overdue | undefined {
  const [first] = deadlines(watched);
  if (first === undefined || nowMs < first.atMs) return undefined;
  const name = phase(watched.lines, watched.readyMs).name;
  return { limit: first.limit, limitMs: first.limitMs, phase: name, message: sentence(first.limit, first.limitMs, name) };
}

/**
 * How long after `nowMs` to ask `overdue` again, in milliseconds, at least 1; undefined for never. Pure.
 *
 * Not later than `limits.halted`, because last words may come at any time, also from a command that has no limit.
 */
export function nextCheckMs(watched: Watched, nowMs: number): number | undefined {
  const [first] = deadlines(watched);
  const soonest = Math.min(first === undefined ? Number.POSITIVE_INFINITY : first.atMs - nowMs, watched.limits.halted);
  return Number.isFinite(soonest) ? Math.max(1, Math.ceil(soonest)) : undefined;
}

/**
 * When a person before a shell's console has waited in vain, in milliseconds since QEMU's start: its guest has no agent that
 * answers, no program has spoken, and the console has been silent for its limit. Undefined for never. Pure.
 */
export function inVainMs({ lines, readyMs, limits }: Watched): number | undefined {
  if (readyMs !== undefined || !lines.every(({ text }) => beforePrograms(text))) return undefined;
  return (lines.at(-1)?.ms ?? 0) + limits.silence;
}

interface Deadline {
  readonly limit: LimitName;
  readonly limitMs: number;
  readonly atMs: number;
}

/** The finite deadlines that count now, the nearest first. */
function deadlines({ lines, readyMs, limits, talks }: Watched): Deadline[] {
  const { name, fromMs } = phase(lines, readyMs);
  const all: Deadline[] = [{ limit: 'whole', limitMs: limits.whole, atMs: limits.whole }];
  const halted = haltedMs(lines);
  if (halted !== undefined) all.push({ limit: 'halted', limitMs: limits.halted, atMs: halted + limits.halted });
  if (talks || name === 'command') {
    all.push({ limit: name, limitMs: limits[name], atMs: fromMs + limits[name] });
  } else {
    const start = limits.firmware + limits.kernel + limits.init;
    all.push({ limit: 'init', limitMs: start, atMs: start });
  }
  if (talks && name !== 'command') {
    all.push({ limit: 'silence', limitMs: limits.silence, atMs: (lines.at(-1)?.ms ?? 0) + limits.silence });
  }
  return all.filter(({ atMs }) => Number.isFinite(atMs)).sort((a, b) => a.atMs - b.atMs);
}

function sentence(limit: LimitName, limitMs: number, name: Phase): string {
  const time = `${limitMs / 1000} s`;
  switch (limit) {
    case 'whole':
      return `the time limit of ${time} is over`;
    case 'silence':
      return `the guest said nothing for ${time} (in the phase: ${name})`;
    case 'halted':
      return 'the guest has halted';
    default:
      return `the ${limit} took longer than its limit of ${time}`;
  }
}

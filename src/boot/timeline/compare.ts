import { ms } from './text.ts';
import type { Boot, Phase, Timeline } from './timeline.ts';

/** The times of one thing in the boots of one timeline, in milliseconds. */
export interface Measure {
  readonly median: number;
  /** The range that the next boot is likely to be in: see `measure`. */
  readonly low: number;
  readonly high: number;
}

/** One thing that two timelines tell of. */
export interface Difference {
  readonly what: 'total' | 'phase' | 'initcall';
  readonly name: string;
  /** Undefined where it is new. */
  readonly before: Measure | undefined;
  /** Undefined where it is gone. */
  readonly after: Measure | undefined;
  readonly changeMs: number;
  readonly verdict: 'slower' | 'faster' | 'noise' | 'new' | 'gone';
}

/** Two timelines compared: the total, then what differs by effect, then what is within the noise. */
export interface Comparison {
  readonly boots: readonly [number, number];
  /** Settings that differ, which may be why. */
  readonly settings: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly differences: readonly Difference[];
}

/** One boot alone says nothing of noise: a tenth and two milliseconds is what boots of one machine differ by on a quiet host. */
const assumed = { share: 0.1, ms: 2 };
/** The guest's clock goes in ticks until its first clock source runs: an initcall may then look longer or shorter by one. */
const tickMs = 4;
/** Below this nobody needs to know. */
const leastMs = 1;

/** What got slower and faster from one timeline to another. Pure. */
export function compare(before: Timeline, after: Timeline): Comparison {
  const pairs = [
    ...paired('total', before, after, ({ totalMs }) => [['total', totalMs]]),
    ...paired('phase', before, after, ({ phases }) => phases.flatMap((phase) => named(phase))),
    ...paired('initcall', before, after, ({ initcalls }) => numbered(initcalls)),
  ];
  const rank = ({ what, verdict }: Difference) => (what === 'total' ? 0 : verdict === 'noise' ? 2 : 1);
  const differences = pairs.toSorted((a, b) => rank(a) - rank(b) || Math.abs(b.changeMs) - Math.abs(a.changeMs));
  const settings = Object.entries(before.meta).flatMap(([name, value]) => {
    const now = after.meta[name as keyof typeof after.meta];
    if (now === value) return [];
    return [
      { name, ...(name === 'cmdline' ? differing(String(value), String(now)) : { before: String(value), after: String(now) }) },
    ];
  });
  return { boots: [before.boots.length, after.boots.length], settings, differences };
}

/** The words of each that the other has not. */
function differing(before: string, after: string): { before: string; after: string } {
  const [a, b] = [before.split(' '), after.split(' ')];
  const without = (list: readonly string[], other: readonly string[]) => list.filter((word) => !other.includes(word)).join(' ');
  return { before: without(a, b), after: without(b, a) };
}

function paired(
  what: Difference['what'],
  before: Timeline,
  after: Timeline,
  times: (boot: Boot) => readonly (readonly [string, number])[],
): Difference[] {
  const [old, now] = [collected(before.boots, times), collected(after.boots, times)];
  return [...new Set([...old.keys(), ...now.keys()])].map((name) => {
    const slackMs = what === 'initcall' && coarse(old.get(name)) && coarse(now.get(name)) ? tickMs : 0;
    const [a, b] = [measure(old.get(name), slackMs), measure(now.get(name), slackMs)];
    const changeMs = (b?.median ?? 0) - (a?.median ?? 0);
    return { what, name, before: a, after: b, changeMs, verdict: verdict(a, b, changeMs) };
  });
}

function collected(boots: readonly Boot[], times: (boot: Boot) => readonly (readonly [string, number])[]) {
  const all = new Map<string, number[]>();
  for (const [name, value] of boots.flatMap(times)) all.set(name, [...(all.get(name) ?? []), value]);
  return all;
}

/** Whole milliseconds throughout, which no finer clock would give. */
function coarse(values: readonly number[] = []): boolean {
  return values.every((value) => Number.isInteger(value));
}

/** A phase and its parts, with their times. */
function named(phase: Phase, above = ''): [string, number][] {
  const name = `${above}${phase.name}`;
  return [[name, phase.endMs - phase.startMs], ...(phase.children ?? []).flatMap((child) => named(child, `${name}: `))];
}

/** Initcalls by name; those that share one are numbered in the order of their calls. */
function numbered(initcalls: Boot['initcalls']): [string, number][] {
  const seen = new Map<string, number>();
  return initcalls.map(({ name, usecs }) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return [times === 1 ? name : `${name} #${times}`, usecs / 1000];
  });
}

/**
 * The median and the range of repeats: of four or more the middle half, of two or three all, of one what is assumed;
 * either wider by `slackMs` on both sides. Undefined for none. Pure.
 */
export function measure(values: readonly number[] | undefined, slackMs = 0): Measure | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [low = 0, high = low] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return low + (high - low) * (place % 1);
  };
  const median = at(0.5);
  if (sorted.length > 3) return { median, low: at(0.25) - slackMs, high: at(0.75) + slackMs };
  if (sorted.length > 1) return { median, low: at(0) - slackMs, high: at(1) + slackMs };
  const slack = (median * assumed.share + assumed.ms) / 2 + slackMs;
  return { median, low: median - slack, high: median + slack };
}

/** A difference is one when the ranges do not meet. */
function verdict(before: Measure | undefined, after: Measure | undefined, changeMs: number): Difference['verdict'] {
  if (before === undefined) return 'new';
  if (after === undefined) return 'gone';
  if (Math.abs(changeMs) < leastMs) return 'noise';
  if (after.low > before.high) return 'slower';
  return after.high < before.low ? 'faster' : 'noise';
}

const shownRows = 40;

/** The comparison as a table for a terminal: effects first, then how many are within the noise. Pure. */
export function compareText(comparison: Comparison, names: readonly [string, string]): string {
  const { boots, settings, differences } = comparison;
  const worth = (row: Difference) => row.what !== 'initcall' || (row.verdict !== 'noise' && Math.abs(row.changeMs) >= 0.1);
  const rows = differences.filter(worth);
  const lines = [
    ...names.map((name, index) => `${'AB'[index]}: ${name}, ${boots[index]} boot${boots[index] === 1 ? '' : 's'}`),
    ...settings.map(({ name, before, after }) => `${name}: ${before || '-'} -> ${after || '-'}`),
    '',
    ...table([['', 'A', 'B', 'change', '', ''], ...rows.slice(0, shownRows).map(cells)]),
    ...(rows.length > shownRows ? [`and ${rows.length - shownRows} smaller ones`] : []),
    '',
    `${count(differences, 'noise')} of ${count(differences)} initcalls are within the noise, ${rule(boots)}.`,
    'Initcalls are timed by the guest, everything else by the host.',
  ];
  return `${lines.join('\n')}\n`;
}

function count(differences: readonly Difference[], wanted?: Difference['verdict']): number {
  return differences.filter(({ what, verdict }) => what === 'initcall' && (wanted === undefined || verdict === wanted)).length;
}

function rule(boots: readonly [number, number]): string {
  if (Math.min(...boots) > 1) return 'which is what the repeats spread by';
  return `assumed ${assumed.share * 100} % and ${assumed.ms} ms where there is one boot only (--repeat N measures it)`;
}

function cells({ what, name, before, after, changeMs, verdict }: Difference): string[] {
  const share = before === undefined || before.median === 0 ? '' : `${signed(Math.round((100 * changeMs) / before.median))} %`;
  const time = (measure: Measure | undefined) => (measure === undefined ? '-' : ms(measure.median));
  const change = `${changeMs < 0 ? '' : '+'}${ms(changeMs)}`;
  const said = verdict === 'noise' ? 'within the noise' : verdict;
  return [what === 'initcall' ? `initcall ${name}` : name, time(before), time(after), change, share, said];
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value}`;
}

/** Columns of their widest cell: the first and the last to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const pad = (cell: string, column: number) =>
    column === 0 || column === widths.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

import type { Boot, Phase, Timeline } from './timeline.ts';

const nameWidth = 28;
const figuresWidth = 18;
const shownInitcalls = 5;

/**
 * A timeline as bars for a terminal `columns` wide: each phase at its place in the whole and to scale, its time and its
 * share, then the longest initcalls. Pure; no colours, no line longer than the terminal from 80 columns on.
 */
export function timelineText(timeline: Timeline, columns: number): string {
  const width = Math.max(10, Math.min(columns, 160) - nameWidth - figuresWidth);
  const { meta, boots } = timeline;
  const lines = [
    `Linux ${meta.kernel}, ${meta.machine}, ${meta.accelerator}: ${seconds(timeline.totalMs)} from QEMU's start to its end`,
    ...(boots.length > 1 ? [`the boot of the median total of ${boots.length}: ${spread(boots)}`] : []),
    '',
    ...timeline.phases.flatMap((phase) => rows(phase, timeline.totalMs, width)),
    '',
    ...slowest(timeline).map(({ name, usecs }) => `${name.slice(0, 44).padEnd(46)}${ms(usecs / 1000).padStart(12)}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function rows(phase: Phase, totalMs: number, width: number, depth = 0): string[] {
  const name = `${'  '.repeat(depth)}${phase.name}`.slice(0, nameWidth - 1).padEnd(nameWidth);
  const taken = phase.endMs - phase.startMs;
  const from = Math.min(width - 1, Math.floor((phase.startMs / totalMs) * width));
  const to = Math.max(from + 1, Math.round((phase.endMs / totalMs) * width));
  const bar = `${' '.repeat(from)}${(depth === 0 ? '█' : '▒').repeat(to - from)}`.padEnd(width);
  const share = `${Math.round((100 * taken) / totalMs)} %`;
  const own = `${name}${bar}${ms(taken).padStart(11)}${share.padStart(6)}`;
  return [own, ...(phase.children ?? []).flatMap((child) => rows(child, totalMs, width, depth + 1))];
}

function slowest({ initcalls }: Boot) {
  return initcalls.toSorted((a, b) => b.usecs - a.usecs).slice(0, shownInitcalls);
}

function spread(boots: readonly Boot[]): string {
  const totals = boots.map(({ totalMs }) => totalMs);
  return `${seconds(Math.min(...totals))} to ${seconds(Math.max(...totals))}`;
}

/** Milliseconds as people compare them: three digits or the tenths, never more than is known. */
export function ms(value: number): string {
  return Math.abs(value) >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export function seconds(valueMs: number): string {
  return `${(valueMs / 1000).toFixed(2)} s`;
}

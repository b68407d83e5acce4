import { measure } from './compare.ts';
import { escaped, percent } from './html.ts';
import { initcallSection } from './initcalls.ts';
import { script, style } from './style.ts';
import { ms, seconds } from './text.ts';
import { type Boot, type Phase, phases, type Timeline } from './timeline.ts';

/**
 * The timeline as one HTML page: nothing is loaded from anywhere, and all is there without its script. Pure.
 *
 * Bars are SVG in percent of the width, so they are to scale in a window of any size; each is also a row of a table.
 */
export function timelinePage(timeline: Timeline): string {
  const { meta } = timeline;
  const facts = [
    `Linux ${meta.kernel}`,
    `${meta.machine}, ${meta.accelerator === 'tcg' ? 'emulated (TCG)' : 'KVM'}`,
    `${Math.round(meta.memoryBytes / 2 ** 20)} MiB, ${meta.cpus} CPU${meta.cpus === 1 ? '' : 's'}`,
    `eulab ${meta.eulab}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Boot of Linux ${escaped(meta.kernel)}: ${seconds(timeline.totalMs)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${timeline.boots.length === 1 ? 'One boot' : `The median of ${timeline.boots.length} boots`}, from QEMU’s start to its end</h1>
<div class="total">${seconds(timeline.totalMs)}</div>
<p class="facts">${facts.map(escaped).join(' · ')}</p>
</header>
${wholeSection(timeline)}
${phaseSection(timeline)}
${timeline.boots.length > 1 ? bootSection(timeline) : ''}
${initcallSection(timeline)}
${notes(timeline)}
</main>
<script>${script}</script>
</body>
</html>
`;
}

const owners = { host: 'QEMU', firmware: 'Firmware and setup', kernel: 'Kernel', user: 'Userspace' } as const;

function ownerOf(name: string): keyof typeof owners {
  return name in phases ? phases[name as keyof typeof phases].by : 'host';
}

/** Neighbours of one owner in two shades, so that they can be told apart; each owner begins with the full one. */
function shadesOf(list: readonly Phase[]): string[] {
  const shades: string[] = [];
  for (const [index, phase] of list.entries()) {
    const same = index > 0 && ownerOf(phase.name) === ownerOf(list[index - 1]?.name ?? '');
    shades.push(same && shades.at(-1) === '' ? ' shade' : '');
  }
  return shades;
}

const length = ({ startMs, endMs }: Phase) => endMs - startMs;

/** All phases in one bar, with a ruler, and what each part of the system takes of it. */
function wholeSection({ phases: list, totalMs }: Timeline): string {
  const shades = shadesOf(list);
  const parts = list.map((phase, index) => {
    const label =
      length(phase) / totalMs > phase.name.length * 0.009 ? `<text x="50%" y="50%">${escaped(phase.name)}</text>` : '';
    const shade = shades[index];
    return (
      `<svg x="${percent(phase.startMs, totalMs)}" width="${percent(length(phase), totalMs)}" height="52" data-phase="phase-${index}">` +
      `<title>${escaped(phase.name)}: ${ms(length(phase))}</title><rect class="${ownerOf(phase.name)}${shade} cut" width="100%" height="52"/>${label}</svg>`
    );
  });
  const legend = Object.entries(owners).map(([owner, name]) => {
    const taken = list.filter((phase) => ownerOf(phase.name) === owner).reduce((sum, phase) => sum + length(phase), 0);
    const swatch = `<svg aria-hidden="true"><rect class="${owner}" width="12" height="12" rx="3"/></svg>`;
    return `<li>${swatch}${name} <b>${ms(taken)}</b> (${Math.round((100 * taken) / totalMs)} %)</li>`;
  });
  return `<section>
<svg class="whole" height="52" role="img" aria-label="The phases of the boot, to scale; the table below has them as text">${parts.join('')}</svg>
${ruler(totalMs)}
<ul class="legend">${legend.join('')}</ul>
</section>`;
}

/** 1, 2 or 5 times a power of ten, so that there are six to twelve steps. */
function stepOf(totalMs: number): number {
  const rough = totalMs / 9;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

function ruler(totalMs: number): string {
  const step = stepOf(totalMs);
  const marks = Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step);
  const shown = marks.map((at) => {
    const anchor = at === 0 ? 'start' : totalMs - at < step / 3 ? 'end' : 'middle';
    const x = percent(at, totalMs);
    return `<line class="tick" x1="${x}" x2="${x}" y1="0" y2="6"/><text x="${x}" y="20" text-anchor="${anchor}">${Number((at / 1000).toFixed(2))}${at === 0 ? ' s' : ''}</text>`;
  });
  return `<svg height="24" aria-hidden="true">${shown.join('')}</svg>`;
}

function phaseSection(timeline: Timeline): string {
  const shades = shadesOf(timeline.phases);
  const rows = timeline.phases.flatMap((phase, index) => [
    row(phase, timeline, `id="phase-${index}"`, shades[index] ?? ''),
    ...(phase.children ?? []).map((child) => row(child, timeline, 'class="child"', ' part', ownerOf(phase.name))),
  ]);
  return `<section>
<h2>Phases</h2>
<p>By the host’s clock. They follow each other without gap or overlap and add up to the whole.</p>
<table id="phases" style="--step: ${percent(stepOf(timeline.totalMs), timeline.totalMs)}">
<thead><tr><th scope="col">Phase</th><th scope="col" class="bar">${Number(timeline.totalMs / 1000).toFixed(2)} s, to scale</th><th scope="col" class="figure">Time</th><th scope="col" class="figure">Share</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</section>`;
}

function row(phase: Phase, { totalMs }: Timeline, attributes: string, shade: string, owner = ownerOf(phase.name)): string {
  const known = phase.name in phases ? phases[phase.name as keyof typeof phases].what : undefined;
  const what = known === undefined || shade === ' part' ? '' : `<span class="what">${escaped(known)}</span>`;
  const height = shade === ' part' ? 9 : 20;
  const bar = `<rect class="${owner}${shade}" x="${percent(phase.startMs, totalMs)}" width="max(1.5px, ${percent(length(phase), totalMs)})" height="${height}" rx="2"/>`;
  // A width with max() is for style only, so it stands there.
  const styled = bar.replace(/ width="(max[^"]*)"/, ' style="width: $1"');
  return (
    `<tr ${attributes} data-ms="${length(phase).toFixed(1)}"><th scope="row">${escaped(phase.name)}${what}</th>` +
    `<td class="bar"><svg height="${height}" aria-hidden="true">${styled}</svg></td>` +
    `<td class="figure">${ms(length(phase))}</td><td class="figure">${((100 * length(phase)) / totalMs).toFixed(1)} %</td></tr>`
  );
}

/** How far repeats lie apart: each boot's total as a dot, and each phase's median and range. */
function bootSection({ boots }: Timeline): string {
  const totals = boots.map(({ totalMs }) => totalMs);
  const [low, high] = [Math.min(...totals), Math.max(...totals)];
  const room = Math.max(1, high - low);
  const dots = totals.map(
    (total, index) =>
      `<circle class="kernel shade" cx="${(3 + (94 * (total - low)) / room).toFixed(2)}%" cy="16" r="6"><title>boot ${index + 1}: ${ms(total)}</title></circle>`,
  );
  const names = [...new Set(boots.flatMap((boot) => boot.phases.map(({ name }) => name)))];
  const times = names.map((name) =>
    boots.flatMap((boot: Boot) => boot.phases.filter((phase) => phase.name === name).map(length)),
  );
  const most = Math.max(...times.flat());
  const lines = [rangeRow('total', totals), ...names.map((name, index) => rangeRow(name, times[index] ?? [], most))];
  return `<section>
<h2>${boots.length} boots</h2>
<p>The totals, from ${ms(low)} to ${ms(high)}; the phases above are those of the boot in the middle.</p>
<svg height="32" role="img" aria-label="Totals of the boots: ${totals.map((total) => ms(total)).join(', ')}"><line class="tick" x1="0" x2="100%" y1="16" y2="16"/>${dots.join('')}</svg>
<table>
<thead><tr><th scope="col">Phase</th><th scope="col" class="bar">Range and median</th><th scope="col" class="figure">Median</th><th scope="col" class="figure">Least</th><th scope="col" class="figure">Most</th></tr></thead>
<tbody>${lines.join('\n')}</tbody>
</table>
</section>`;
}

/** A phase in all boots: from the least to the most with the median on it, of `most` milliseconds; no bar without it. */
function rangeRow(name: string, values: readonly number[], most?: number): string {
  const median = measure(values)?.median ?? 0;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const figures = [median, low, high].map((value) => `<td class="figure">${ms(value)}</td>`).join('');
  const owner = ownerOf(name);
  const bar =
    most === undefined
      ? ''
      : `<svg height="16" aria-hidden="true"><rect class="${owner} part" x="${percent(low, most)}" y="5" width="${percent(high - low, most)}" height="6" rx="3"/>` +
        `<rect class="${owner}" x="${percent(median, most * 1.005)}" y="1" width="3" height="14" rx="1.5"/></svg>`;
  return `<tr><th scope="row">${escaped(name)}</th><td class="bar">${bar}</td>${figures}</tr>`;
}

function notes({ meta }: Timeline): string {
  return `<section>
<h2>How it was measured</h2>
<p>Phases are by the host’s clock: QEMU’s own trace until the kernel speaks, then the time at which each line of the serial console came. Writing those lines is part of what is measured: a profiled boot takes longer than one that says nothing, most of it in the initcalls. Initcalls are timed by the guest, which leaves that out, but its clock is coarse until the first clock source runs.</p>
<dl><dt>Command</dt><dd><code>${escaped(meta.command)}</code></dd><dt>Kernel’s command line</dt><dd><code>${escaped(meta.cmdline)}</code></dd></dl>
</section>`;
}

import { escaped, percent } from './html.ts';
import type { Initcall } from './marks.ts';
import { ms } from './text.ts';
import type { Timeline } from './timeline.ts';

const shownRows = 100;
const leastUsecs = 100;

/** The initcalls by the time they take, longest first, with a bar each; the many that take none are one line. Pure. */
export function initcallSection({ initcalls }: Timeline): string {
  if (initcalls.length === 0) return '';
  const sorted = initcalls.toSorted((a, b) => b.usecs - a.usecs);
  const shown = sorted.filter(({ usecs }, index) => index < shownRows && (usecs >= leastUsecs || index < 10));
  const rest = sorted.slice(shown.length);
  const [all, left] = [sum(initcalls), sum(rest)];
  const most = Math.max(1, sorted[0]?.usecs ?? 0);
  const some = sorted.slice(0, 5);
  const others = rest.length === 0 ? '' : ` The other ${rest.length} take ${ms(left / 1000)} together; the JSON file has them.`;
  return `<section class="calls">
<h2>Initcalls</h2>
<p>${initcalls.length} initcalls, ${ms(all / 1000)} by the guest’s clock; the ${some.length} longest are ${Math.round((100 * sum(some)) / Math.max(1, all))} % of that.${others}</p>
<table>
<thead><tr>${head('name', 'Function')}${levelled(shown) ? head('level', 'Level') : ''}<th scope="col" class="bar"></th>${head('usecs', 'Time', ' aria-sort="descending"')}${head('start', 'Begins at')}${head('status', 'Returned')}</tr></thead>
<tbody>
${shown.map((call) => row(call, most, levelled(shown))).join('\n')}
</tbody>
</table>
</section>`;
}

function head(key: string, text: string, more = ''): string {
  const figure = key === 'name' || key === 'level' ? '' : ' class="figure"';
  return `<th scope="col" data-key="${key}"${figure}${more}>${text}</th>`;
}

function row({ name, level, usecs, startMs, status }: Initcall, most: number, withLevel: boolean): string {
  const data = `data-name="${escaped(name)}" data-level="${escaped(level ?? '')}" data-usecs="${usecs}" data-start="${startMs}" data-status="${status}"`;
  return (
    `<tr ${data}><th scope="row" class="name">${escaped(name)}</th>${withLevel ? `<td class="level">${escaped(level ?? '')}</td>` : ''}` +
    `<td class="bar"><svg height="12" aria-hidden="true"><rect class="kernel" width="${percent(usecs, most)}" height="12" rx="2"/></svg></td>` +
    `<td class="figure">${(usecs / 1000).toFixed(2)} ms</td><td class="figure">${Math.round(startMs)} ms</td><td class="figure">${status}</td></tr>`
  );
}

function levelled(calls: readonly Initcall[]): boolean {
  return calls.some(({ level }) => level !== undefined);
}

function sum(calls: readonly Initcall[]): number {
  return calls.reduce((all, { usecs }) => all + usecs, 0);
}

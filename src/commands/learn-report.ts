import type { Goal } from '../learn/goal.ts';
import type { Standing } from '../learn/standing.ts';
import type { painter } from '../ui.ts';

type Paint = Awaited<ReturnType<typeof painter>>;

/** The list of labs, for people. Pure. */
export function list(standings: readonly Standing[], paint: Paint): string {
  const width = Math.max(...standings.map(({ title }) => title.length));
  const rows = standings.map(({ number, name, title, state, hints, current }) => {
    const about = state === 'done' ? 'done' : state === 'begun' ? `begun${hints > 0 ? `, ${counted(hints, 'hint')}` : ''}` : '';
    const line = `${current ? '*' : ' '} ${String(number).padStart(2)}  ${name.padEnd(8)}  ${title.padEnd(width)}  `;
    return `${line}${state === 'done' ? paint('green', about) : about}`.trimEnd();
  });
  const done = standings.filter(({ state }) => state === 'done').length;
  const rest = done === standings.length ? 'all are done' : `${done} of ${standings.length} are done; go on: eulab learn next`;
  return `${rows.join('\n')}\n\n${rest}\n`;
}

/** What a check saw, goal by goal, for people. Pure. */
export function goalLines(goals: readonly Goal[], paint: Paint): string {
  const marks = { met: ['green', 'ok  '], missed: ['red', 'no  '], skipped: ['yellow', 'left'] } as const;
  return goals
    .flatMap(({ goal, state, seen, why }) => {
      const [colour, mark] = marks[state];
      return [
        `${paint(colour, mark)}  ${goal}`,
        ...seen.map((line) => `      ${paint('dim', '|')} ${line}`),
        ...why.map((line) => `      ${line}`),
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

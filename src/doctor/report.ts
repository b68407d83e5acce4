import type { Finding, State } from './finding.ts';
import { worst } from './finding.ts';

/** What `doctor --json` prints. Fields are added, never renamed. */
export interface Examined {
  readonly schema: 1;
  readonly eulab: string;
  /** Who asked: what one user may, another may not. */
  readonly user: string;
  /** The worst of the checks' own. */
  readonly state: State;
  readonly checks: readonly Finding[];
}

/** The findings as one document. Pure. */
export function examined(checks: readonly Finding[], facts: Pick<Examined, 'eulab' | 'user'>): Examined {
  return { schema: 1, ...facts, state: worst(checks), checks };
}

export type Paint = (colour: 'green' | 'yellow' | 'red' | 'dim' | 'bold', text: string) => string;

const colours = { ok: 'green', warning: 'yellow', failure: 'red' } as const;

const nameWidth = 12;
const indent = ' '.repeat(11 + nameWidth);

/** The lines for people: groups, in each a line for a check, and below what is not well what it costs and what mends it. Pure. */
export function lines(checks: readonly Finding[], paint: Paint): string[] {
  const groups = [...new Set(checks.map(({ group }) => group))];
  return groups.flatMap((group) => [
    paint('bold', group),
    ...checks.filter((one) => one.group === group).flatMap((one) => checkLines(one, paint)),
  ]);
}

function checkLines({ name, state, found, costs, remedy, hint }: Finding, paint: Paint): string[] {
  const below = (label: string, text: string | null | undefined) =>
    text === null || text === undefined ? [] : [`${indent}${paint('dim', label)} ${text}`];
  return [
    `  ${paint(colours[state], state.padEnd(7))}  ${name.padEnd(nameWidth)}${found}`,
    ...(state === 'ok' ? [] : below('costs:', costs)),
    ...below('mend: ', remedy?.command),
    ...below(remedy === null ? 'hint: ' : 'or:   ', hint),
  ];
}

/** The last line: how many are not well. Pure. */
export function summary(checks: readonly Finding[]): string {
  const count = (state: State) => checks.filter((one) => one.state === state).length;
  const [warnings, failures] = [count('warning'), count('failure')];
  if (warnings + failures === 0) return 'all is well';
  const some = (number: number, word: string) => (number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`]);
  return `${[...some(failures, 'failure'), ...some(warnings, 'warning')].join(', ')}; the others are well`;
}

import type { Lab } from './lab.ts';
import { labs, numberOf } from './labs.ts';
import type { Kept } from './progress.ts';

/** How a learner stands with one lab. Programs are told of it as it is; fields are added, never renamed. */
export interface Standing {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly state: 'new' | 'begun' | 'done';
  /** So many hints were shown, of so many. */
  readonly hints: number;
  readonly hintCount: number;
  readonly checks: number;
  /** ISO 8601; null when it was not. */
  readonly begun: string | null;
  readonly done: string | null;
  /** The lab that is at hand. */
  readonly current: boolean;
}

/** How it stands with each lab, in their order. Pure. */
export function standings(
  of: (name: string) => Kept | undefined,
  hintsOf: (lab: Lab) => number,
  at: Lab | undefined,
): Standing[] {
  return labs.map((lab) => {
    const kept = of(lab.name);
    return {
      number: numberOf(lab),
      name: lab.name,
      title: lab.title,
      state: kept === undefined ? 'new' : kept.doneMs === undefined ? 'begun' : 'done',
      hints: kept?.hints ?? 0,
      hintCount: hintsOf(lab),
      checks: kept?.checks ?? 0,
      begun: moment(kept?.begunMs),
      done: moment(kept?.doneMs),
      current: lab === at,
    };
  });
}

function moment(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** The lab that was looked at last; undefined when none was begun. Pure. */
export function current(of: (name: string) => Kept | undefined): Lab | undefined {
  const begun = labs.flatMap((lab) => {
    const kept = of(lab.name);
    return kept === undefined ? [] : [{ lab, ms: kept.touchedMs }];
  });
  return begun.sort((a, b) => b.ms - a.ms)[0]?.lab;
}

/** The first lab behind this one that is not done, else the first of all; undefined when all are done. Pure. */
export function following(of: (name: string) => Kept | undefined, lab: Lab | undefined): Lab | undefined {
  const at = lab === undefined ? 0 : numberOf(lab);
  return [...labs.slice(at), ...labs.slice(0, at)].find(({ name }) => of(name)?.doneMs === undefined);
}

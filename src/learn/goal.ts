/** One thing that a lab asks for, and what a machine showed of it. `check --json` tells it so; fields are added, never renamed. */
export interface Goal {
  readonly goal: string;
  /** `skipped`: this host cannot show it; the lab is done without. */
  readonly state: 'met' | 'missed' | 'skipped';
  /** What the machine did, a line each. */
  readonly seen: readonly string[];
  /** What that means, a line each. */
  readonly why: readonly string[];
}

export function met(goal: string, ...seen: readonly string[]): Goal {
  return { goal, state: 'met', seen, why: [] };
}

/** A goal that was not reached; `why` may be several sentences. */
export function missed(goal: string, seen: readonly string[], ...why: readonly string[]): Goal {
  return { goal, state: 'missed', seen, why };
}

export function skipped(goal: string, ...why: readonly string[]): Goal {
  return { goal, state: 'skipped', seen: [], why };
}

/** Met or missed by a fact. */
export function judged(goal: string, reached: boolean, seen: readonly string[], ...why: readonly string[]): Goal {
  return reached ? met(goal, ...seen) : missed(goal, seen, ...why);
}

import type { Check } from '../errors.ts';
import type { Workspace } from '../workspace.ts';
import type { Group, State } from './finding.ts';

/** What is looked at, and for whom. */
export interface Host {
  readonly env: NodeJS.ProcessEnv;
  readonly workspace: Workspace;
  /** QEMU's program. */
  readonly qemu: string;
  readonly bridge: string;
  readonly bridgeHelper: string | undefined;
  /** Where the list of kernel releases is, if not at the usual place. */
  readonly releases: string | undefined;
  readonly signal: AbortSignal;
}

/** Something that is not as it should be, beside what an error tells. */
export interface Lack {
  readonly state?: State;
  readonly found: string;
  readonly costs?: string;
  readonly remedy?: string | undefined;
  readonly hint?: string | undefined;
}

/** One thing that the doctor looks at. */
export interface Examination {
  readonly name: Check;
  readonly group: Group;
  /** What does not work without it. */
  readonly costs: string;
  /** How bad it is when it is missing. */
  readonly bad: Exclude<State, 'ok'>;
  /** It keeps the CPUs busy, or must not be disturbed by what does: those come one after the other, in the table's order. */
  readonly alone?: true;
  /** What is there. @throws EulabError for what is missing: by the very check that the verbs make. */
  look(host: Host): Promise<string | Lack>;
}

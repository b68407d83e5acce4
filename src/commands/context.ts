import type { Signal } from '../errors.ts';
import type { Workspace } from '../workspace.ts';

/** What cli.ts gives a verb: the world it runs in, and where its exit status goes. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Aborted, with an `Interrupted` as its reason, when a signal comes. */
  readonly signal: AbortSignal;
  /** Hands the next signal to `take` instead, and the one after it to nobody but `signal` again; until disposed. */
  passSignal(take: (signal: Signal) => void): Disposable;
  /** The workspace of --directory; known once the command line is parsed. */
  workspace(): Workspace;
  /** Ends the process with this status when the verb returns; 0 unless called. */
  exit(status: number): void;
}

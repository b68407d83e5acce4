import type { CommandUnknownOpts } from 'commander';
import type { Said } from '../configuration/check.ts';
import type { ConfigFile } from '../configuration/find.ts';
import type { Signal } from '../errors.ts';
import type { Manner } from '../ui.ts';
import type { Workspace } from '../workspace.ts';

/** What cli.ts gives a verb: the world it runs in, and where its exit status goes. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Aborted, with an `Interrupted` as its reason, when a signal comes. */
  readonly signal: AbortSignal;
  /** Hands the next signal to `take` instead, and the one after it to nobody but `signal` again; until disposed. */
  passSignal(take: (signal: Signal) => void): Disposable;
  /** How much is said, and to whom; known once the command line is parsed. */
  readonly manner: Manner;
  /** The workspace of --directory; known once the command line is parsed. */
  workspace(): Workspace;
  /** What the files of settings say. */
  readonly settings: Settings;
  /** The program with all verbs and all that they have, or all that one of them has. */
  tree(verb?: string): Promise<CommandUnknownOpts>;
  /** Ends the process with this status when the verb returns; 0 unless called. */
  exit(status: number): void;
}

/** The files of settings of this call. */
export interface Settings {
  /** In rising order. */
  files(): readonly ConfigFile[];
  /** The folder of the project, when a file of settings says that there is one. */
  folder(): string | undefined;
  /** The verbs that have tables. */
  readonly tables: readonly string[];
  /** Gives a command what the files say of it. */
  configure(command: CommandUnknownOpts): Promise<void>;
  /** Gives `boot` what the files say of a machine. @throws EulabError (2) when there is none of that name. */
  machine(command: CommandUnknownOpts, name: string): Promise<void>;
  /** What the files say in the tables of a verb, the one that counts last. @throws EulabError (2) with all that is wrong in them. */
  says(verb: CommandUnknownOpts): Promise<readonly Said[]>;
  /** What was given. */
  given(): readonly Said[];
}

/** The time that is written into what is made, in seconds since 1970. @see https://reproducible-builds.org/specs/source-date-epoch/ */
export function epochOf(env: NodeJS.ProcessEnv): number {
  return Number(env['SOURCE_DATE_EPOCH'] ?? 0) || 0;
}

import type { Workspace } from '../workspace.ts';
import type { Goal } from './goal.ts';
import type { Trial } from './trial.ts';

/** A thing of the host's that a lab needs and that is not there. */
export interface Lacking {
  readonly what: string;
  /** A command, or a sentence. */
  readonly remedy: string;
  /** What can be done all the same. */
  readonly without: string;
}

/** Where a lab looks for what it needs. */
export interface Host {
  readonly workspace: Workspace;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** One of the ten labs. Its texts and the files that the learner begins with lie in utils/lessons, by its name. */
export interface Lab {
  readonly name: string;
  readonly title: string;
  /** Links among the learner's files, each with its target: a package of npm's has none. */
  readonly links?: readonly (readonly [path: string, target: string])[];
  /** What is not there of what it needs beside kernel and ramdisk. */
  readonly lacks?: (host: Host) => Promise<Lacking[]>;
  /** Boots the learner's machine, and judges what it did. @throws EulabError for what keeps every machine from starting. */
  readonly check: (trial: Trial) => Promise<Goal[]>;
}

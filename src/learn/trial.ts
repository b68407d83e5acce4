import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Diagnosis } from '../boot/diagnose/diagnose.ts';
import type { Workspace } from '../workspace.ts';
import { type Goal, missed } from './goal.ts';
import { type Predictions, predictions } from './prediction.ts';

/** What a machine did, from its start to its end. */
export interface Seen {
  /** The command's; undefined when the machine ended before it was known. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why there is no status. */
  readonly diagnosis: Diagnosis | undefined;
  /** The console, line by line. */
  readonly console: readonly string[];
}

/** A boot of a check's. */
export interface Booting {
  /** What is booted, as a phrase; "booting" unless given. */
  readonly what?: string;
  /** Options of `eulab boot`. */
  readonly options: readonly string[];
  /** What runs in the guest; `true` unless given. */
  readonly command?: readonly string[];
  /** Called with the path of gdb's socket once QEMU listens there, with --gdb among the options. */
  readonly onStub?: (socket: string) => void;
}

/** What a check has: the learner's files, and machines. */
export interface Trial {
  /** The lab's folder of the learner's, absolute. */
  readonly folder: string;
  /** The files that the learner was given, as they were. */
  readonly given: string;
  readonly workspace: Workspace;
  /** The initramfs that is booted unless another is named. */
  readonly initrd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Tells what is done, while it is. */
  step(text: string): void;
  /** Boots, as `eulab boot` does with these options, and says what the machine did. @throws EulabError for what cannot be started */
  boot(booting: Booting): Promise<Seen>;
}

/** A file of the learner's, as one who stands here names it. */
export function shown({ folder }: Pick<Trial, 'folder'>, name: string): string {
  return relative(process.cwd(), join(folder, name));
}

/** The text of a file of the learner's; undefined when it is gone. */
export function textOf({ folder }: Pick<Trial, 'folder'>, name: string): string | undefined {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** What the learner predicted. */
export function predicted(trial: Pick<Trial, 'folder'>): Predictions {
  return predictions(textOf(trial, 'predict') ?? '');
}

/** Limits that a lab's own init gets: one that does not come to anything is not waited for as long as another's. */
export const impatient = ['--limit', 'init=5s'] as const;

/** What is said of a machine that ended before it told anything. */
export function ended(goal: string, { diagnosis }: Seen, ...why: readonly string[]): Goal {
  if (diagnosis === undefined) return missed(goal, [], ...why);
  return missed(goal, [`${diagnosis.cause} (${diagnosis.name})`, ...diagnosis.proof.slice(-4)], ...why);
}

/** What is told of a machine that does not have the learner's own files. */
export const asGiven = 'booting what you were given, for your prediction';

/** The words of a file of words for the kernel's command line; undefined for none. */
export function words(trial: Pick<Trial, 'folder'>, name: string): string | undefined {
  const line = (textOf(trial, name) ?? '').trim().replaceAll(/\s+/g, ' ');
  return line === '' ? undefined : line;
}

/** The parts of what a command printed, divided by lines of `==`. Pure. */
export function parts(stdout: string): string[] {
  return stdout.split(/^==\n/m);
}

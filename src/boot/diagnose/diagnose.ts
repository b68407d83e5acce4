import { EulabError, status } from '../../errors.ts';
import { phase } from '../watch/phase.ts';
import { endRules, panicRules } from './ending.ts';
import { faultRules } from './fault.ts';
import { imageRules } from './image.ts';
import { initEndRules, initStartRules } from './init.ts';
import { initramfsRules } from './initramfs.ts';
import { lockupRules } from './lockup.ts';
import { memoryEndRules, memoryRules } from './memory.ts';
import { qemuEndRules, qemuRules } from './qemu.ts';
import { rootRules } from './root.ts';
import { type End, type Facts, type Match, matched, type Rule } from './rule.ts';
import { sanitizerRules } from './sanitizer.ts';
import { silenceRules } from './silence.ts';

export type { End } from './rule.ts';

/** Why a machine ended before the command's status was known. */
export interface Diagnosis {
  /** Of the rule: kebab-case, and stable. `unknown` when no rule fits. */
  readonly name: string;
  /** One line. */
  readonly cause: string;
  /** One line, best with a command or an option to paste. */
  readonly remedy: string;
  /** The lines of the console, or of QEMU, that prove it; the last ones where silence is the proof. */
  readonly proof: readonly string[];
  /** The first line of each other report that the kernel wrote: a warning that may have to do with it, or not. */
  readonly notes: readonly string[];
  /** eulab's exit status. */
  readonly status: number;
}

/** A machine that ended before the command's status was known, with why. */
export class BootError extends EulabError {
  readonly diagnosis: Diagnosis;

  /** `log` has all of the console; `details` are shown in the place of the proof. */
  constructor(diagnosis: Diagnosis, log: string, details?: readonly string[]) {
    const { cause, remedy, proof, notes, status } = diagnosis;
    const shown = details ?? [...proof, ...notes.map((note) => `(also: ${note})`)];
    const hint = `${remedy}; the whole console: ${log}`;
    super(cause, { details: shown, hint, exitCode: status });
    this.diagnosis = diagnosis;
  }
}

/**
 * All known failures, the most specific first: what QEMU says of itself; what the kernel lacked; what it found wrong with
 * itself; then how it ended, which by then is all that is known; and at last what silence tells.
 */
export const rules: readonly Rule[] = [
  ...qemuRules,
  ...imageRules,
  ...initramfsRules,
  ...memoryRules,
  ...rootRules,
  ...initStartRules,
  ...sanitizerRules.filter(({ name }) => name !== 'warning'),
  ...lockupRules,
  ...faultRules,
  ...initEndRules,
  ...sanitizerRules.filter(({ name }) => name === 'warning'),
  ...panicRules,
  ...endRules,
  ...memoryEndRules,
  ...qemuEndRules,
  ...silenceRules,
];

const shownLines = 24;
const mostLines = 48;

/** Reports that a kernel survives: they are the cause of no end but the kernel's own, or of a boot that came to nothing. */
const reports = new Set(sanitizerRules.map(({ name }) => name));
/** These are so too of a command that never ends. */
const stops = new Set([...lockupRules, ...faultRules].map(({ name }) => name));

/** Why the machine ended. Pure. Where no rule fits it says so, and shows the last lines that there are. */
export function diagnosis(end: End): Diagnosis {
  const facts = factsOf(end);
  const found = firstMatch(facts);
  const notes = [...new Set(noted(facts, found))];
  const match = found ?? { rule: unknownRule, ...unknownRule, proof: [] };
  const { cause, remedy } = match;
  const proof = (match.proof.length > 0 ? match.proof : lastLines(facts)).slice(0, mostLines);
  return { name: match.rule.name, cause, remedy, proof, notes, status: statusOf(match.rule, facts) };
}

/** The error that says why there is no status. Pure. */
export function diagnose(end: End): BootError {
  return new BootError(diagnosis(end), end.log);
}

const unknownRule = {
  name: 'unknown',
  cause: 'the machine ended, and eulab does not know why',
  remedy: 'the last lines are below; for more of them: --append "ignore_loglevel earlyprintk=ttyS0,115200"',
  status: status.unknown,
} as const;

function factsOf(end: End): Facts {
  const texts = end.console.map(({ text }) => single(text));
  const said = end.stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/\bwarning: /.test(line));
  const ready = end.ready === true ? 0 : undefined;
  return { ...end, texts, said, phase: end.limit?.phase ?? phase(end.console, ready).name };
}

/** A line without its echo: qboot and the kernel's setup code both write to the serial port, "TThhiiss" for "This". */
function single(text: string): string {
  const letters = [...text];
  const echoed = letters.length > 3 && letters.length % 2 === 0 && letters.every((letter, at) => letter === letters[at ^ 1]);
  return echoed ? letters.filter((_letter, at) => at % 2 === 0).join('') : text;
}

function firstMatch(facts: Facts): Match | undefined {
  const { limit, ready } = facts;
  const died = dead(facts);
  for (const rule of rules) {
    if (!died && stops.has(rule.name) && limit === undefined) continue;
    if (!died && reports.has(rule.name) && (limit === undefined || ready === true)) continue;
    const match = matched(rule, facts);
    if (match !== undefined) return match;
  }
  return undefined;
}

/** True for a kernel that panicked, or went without a farewell. */
function dead({ texts, code, limit }: Facts): boolean {
  if (texts.some((text) => /Kernel panic - not syncing|Oops: /.test(text))) return true;
  return (
    limit === undefined && code === 0 && !texts.some((text) => /reboot: (Power down|System halted|Restarting system)/.test(text))
  );
}

/** The first line of every report that is not the one which was found. */
function noted(facts: Facts, found: Match | undefined): string[] {
  return [...sanitizerRules, ...lockupRules]
    .filter((rule) => rule.name !== found?.rule.name)
    .map((rule) => matched({ ...rule, lines: rule.lines?.slice(0, 1) ?? [], before: 0, after: 0 }, facts)?.proof[0])
    .filter((line): line is string => line !== undefined && found?.proof.includes(line) !== true);
}

/** What is shown where no line is a proof: what QEMU said when it failed, else the end of the console. */
function lastLines({ code, limit, said, texts }: Facts): readonly string[] {
  return limit === undefined && code !== 0 && said.length > 0 ? said : texts.slice(-shownLines);
}

/** The user's own limit is told as such, whatever it ended; and a kernel that a limit ended was not dead yet, unless it said so. */
function statusOf(rule: Pick<Rule, 'name' | 'status'>, { limit, texts }: Facts): number {
  if (limit === undefined) return rule.status;
  if (limit.limit === 'whole' || limit.limit === 'command') return status.timeout;
  const alive = !stops.has(rule.name) && !texts.some((text) => /Kernel panic - not syncing|Oops: |-- System halted/.test(text));
  return alive && limit.limit !== 'halted' ? status.unknown : rule.status;
}

import { status } from '../../errors.ts';
import type { Line } from '../console.ts';
import type { Phase } from '../watch/phase.ts';
import type { Overdue } from '../watch/watch.ts';

/** How a machine ended before the command's status was known. */
export interface End {
  /** QEMU's own status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What QEMU itself wrote. */
  readonly stderr: string;
  /** The lines of the guest's console, as far as they were kept. */
  readonly console: readonly Line[];
  /** The file that has all of the console. */
  readonly log: string;
  /** The limit for which eulab ended the machine; undefined when it ended by itself. `code` and `signal` then say nothing. */
  readonly limit?: Overdue | undefined;
  /** True when the guest's agent had answered: whatever came then is the command's, or the kernel's under it. */
  readonly ready?: boolean | undefined;
}

/** An end as the rules look at it. */
export interface Facts extends End {
  /** The console's lines without their times. */
  readonly texts: readonly string[];
  /** QEMU's lines, without its warnings. */
  readonly said: readonly string[];
  /** The phase in which the machine ended. */
  readonly phase: Phase;
}

/** A sentence in which $1 to $9 stand for the groups of the patterns, counted through; or what makes one of them. */
export type Sentence = string | ((groups: readonly string[], facts: Facts) => string);

/** One known failure. */
export interface Rule {
  /** Stable: scripts know it. */
  readonly name: string;
  /** Each has to match a line of the console, or of what QEMU wrote when `from` says so; those lines are the proof. */
  readonly lines?: readonly RegExp[];
  readonly from?: 'qemu';
  /** No line of the console may match it. */
  readonly unless?: RegExp;
  /** What else has to be so. */
  readonly when?: (facts: Facts) => boolean;
  /** So many lines behind the first one belong to the proof. */
  readonly after?: number;
  /** So many lines before the first one belong to it. */
  readonly before?: number;
  readonly cause: Sentence;
  /** Best a command or an option to paste. */
  readonly remedy: Sentence;
  /** `unknown` when the command may have done its work, or never began; `guestDied` when the kernel is dead. */
  readonly status: typeof status.unknown | typeof status.guestDied | typeof status.timeout;
}

/** A rule that matched: its sentences with the groups filled in, and the lines that prove it. */
export interface Match {
  readonly rule: Rule;
  readonly cause: string;
  readonly remedy: string;
  readonly proof: readonly string[];
}

export const { unknown, guestDied, timeout } = status;

/** The rule's match; undefined when it does not fit. Pure. */
export function matched(rule: Rule, facts: Facts): Match | undefined {
  if (rule.when?.(facts) === false) return undefined;
  if (rule.unless !== undefined && facts.texts.some((text) => rule.unless?.test(text))) return undefined;
  const lines = rule.from === 'qemu' ? facts.said : facts.texts;
  const groups: string[] = [];
  const shown = new Set<number>();
  for (const pattern of rule.lines ?? []) {
    const at = lines.findIndex((line) => pattern.test(line));
    if (at < 0) return undefined;
    groups.push(...(pattern.exec(lines[at] ?? '') ?? []).slice(1).map((group) => group ?? ''));
    const [from, to] = shown.size === 0 ? [at - (rule.before ?? 0), at + (rule.after ?? 0)] : [at, at];
    for (let index = Math.max(0, from); index <= Math.min(to, lines.length - 1); index += 1) shown.add(index);
  }
  const filled = (text: Sentence) =>
    typeof text === 'function'
      ? text(groups, facts)
      : text.replaceAll(/\$(\d)/g, (_whole, digit) => groups[Number(digit) - 1]?.trim() ?? '');
  const proof = [...shown].sort((a, b) => a - b).map((index) => lines[index] ?? '');
  return { rule, cause: filled(rule.cause), remedy: filled(rule.remedy), proof };
}

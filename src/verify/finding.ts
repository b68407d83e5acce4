/** Something that is not as the record of a build has it. */
export interface Finding {
  /**
   * `input`: what it was made from has changed; `changed`: a file was, since it was built; `output`: other bytes came of it;
   * `tool`: what compiled is another, which need not matter.
   */
  readonly kind: 'input' | 'changed' | 'output' | 'tool';
  /** A file, a program, a package. */
  readonly name: string;
  /** What is different, and where. */
  readonly what: string;
}

/** The end of a verification. */
export interface Verdict {
  readonly product: 'kernel' | 'ramdisk';
  /** Of a kernel. */
  readonly name?: string | undefined;
  readonly equal: boolean;
  /** The files that are the same, byte by byte. */
  readonly same: readonly string[];
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

/** A verdict for people, a line each. Pure. */
export function shownVerdict({ product, name, equal, same, findings, seconds }: Verdict): string[] {
  const what = name === undefined ? product : `${product} ${name}`;
  const lines = findings.map(({ kind, name: each, what: how }) => `${marks[kind]} ${each}: ${how}`);
  if (equal) return [...lines, `${what}: the same bytes again: ${same.join(', ')} (${Math.round(seconds)} s)`];
  const why = (['input', 'output', 'changed'] as const).find((kind) => findings.some((finding) => finding.kind === kind));
  return [...lines, `${what}: not what was recorded: ${reasons[why ?? 'output']}`];
}

const marks = { input: 'input  ', changed: 'changed', output: 'output ', tool: 'tool   ' } as const;

const reasons = {
  input: 'what it was made from has changed',
  changed: 'a file is not as it was built',
  output: 'the same inputs gave other bytes',
} as const;

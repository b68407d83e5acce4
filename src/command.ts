/** One call of an outside program, as data: nothing runs until exec.ts sees it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment of eulab itself. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Needs CAP_NET_ADMIN or the like: run through sudo unless we are uid 0 already. */
  readonly root?: true;
}

/**
 * A word as the POSIX shell reads it back: unchanged when no character is special, else in single quotes.
 *
 * @see XCU 2.2.2 Single-Quotes
 */
export function quote(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The call as one line for the POSIX shell, fit to paste; what is run is always the list, never this line. */
export function show(command: Command): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${quote(value)}`);
  const call = [...(command.root ? ['sudo'] : []), ...(env.length > 0 ? ['env', ...env] : [])];
  const line = [...call, ...[command.file, ...command.args].map(quote)].join(' ');
  return command.cwd === undefined ? line : `(cd ${quote(command.cwd)} && ${line})`;
}

/** A command of a transcript, and what is shown of its output; undefined where nothing is. */
export interface Turn {
  readonly command: string;
  readonly output: string | undefined;
}

/**
 * The turns of what somebody typed and saw: commands behind `$ `, their further lines behind `> `, and output below. Pure.
 *
 * @throws Error when output comes before any command.
 */
export function turns(transcript: string): Turn[] {
  const found: { command: string; lines: string[] }[] = [];
  for (const line of transcript.replace(/\n$/, '').split('\n')) {
    const last = found.at(-1);
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), lines: [] });
    else if (last === undefined) throw new Error(`the transcript begins with output: ${line}`);
    else if (line.startsWith('> ') && last.lines.length === 0) last.command += `\n${line.slice(2)}`;
    else last.lines.push(line);
  }
  return found.map(({ command, lines }) => ({ command, output: lines.length === 0 ? undefined : lines.join('\n') }));
}

const units = 'ms|s|min|h|B|KiB|MiB|GiB|%|CPUs?';

/**
 * The pattern of a shown output: `...` stands for anything, alone on its line for any lines; other versions, decimal numbers,
 * and numbers with a unit fit as well, bars of another length, and other spaces between columns. Pure.
 */
export function pattern(output: string): RegExp {
  const lines = output.split('\n').map((line) => (line.trim() === '...' ? '(?:.*\\n)*' : `${linePattern(line)}\\n`));
  return new RegExp(`^${lines.join('')}$`);
}

function linePattern(line: string): string {
  return line
    .trimEnd()
    .split(
      new RegExp(`(\\.{3}|(?<![\\w.])\\d+\\.\\d+(?:\\.\\d+)?(?![\\d.]*\\.\\d|\\d)|\\b\\d+(?= (?:${units})(?!\\w))| {2,}|[█▒]+)`),
    )
    .map((part, index) => (index % 2 === 0 ? escaped(part) : loose(part)))
    .join('');
}

/** A text as a pattern that fits it alone. Pure. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function loose(part: string): string {
  if (part === '...') return '.*';
  if (part.startsWith(' ')) return ' +';
  return /^[█▒]/.test(part) ? '[█▒]+' : '\\d+(?:\\.\\d+)*';
}

/** Whether a command said what is shown of it. Pure. */
export function shows(output: string, said: string): boolean {
  const plain = said
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n*$/, '\n');
  return pattern(output).test(plain);
}

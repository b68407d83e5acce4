import { EulabError, status } from '../errors.ts';

/** What `boot` is called with: the machine that stands before `--`, and the command behind it. */
export interface BootWords {
  readonly machineName: string | undefined;
  readonly behind: readonly string[];
}

/**
 * The words of `boot`, divided where `--` stood on the command line. Pure.
 *
 * An option's value may be `--` too: the first one counts behind which there is nothing but the last words.
 *
 * @throws EulabError (2) for more than one word before it.
 */
export function divided(words: readonly string[], line: readonly string[]): BootWords {
  const rest = line.flatMap((word, index) => (word === '--' ? [line.slice(index + 1)] : []));
  const behind = rest.find((tail) => isTail(tail, words)) ?? [];
  const [machineName, ...more] = words.slice(0, words.length - behind.length);
  if (more.length === 0) return { machineName, behind };
  throw new EulabError(`boot takes the name of one machine, not ${[machineName, ...more].join(' ')}`, {
    hint: `a command comes after --: eulab boot -- ${[machineName, ...more].join(' ')}`,
    exitCode: status.usage,
  });
}

function isTail(tail: readonly string[], words: readonly string[]): boolean {
  const start = words.length - tail.length;
  return start >= 0 && tail.every((word, index) => word === words[start + index]);
}

import { type Command, show } from '../command.ts';
import { CommandError } from '../errors.ts';

/** Shell that ends a script with a status, and says so in its last line. Pure. */
export function saying(status: string): string {
  return `set -- ${status}; echo "${prefix}$1"; exit "$1"`;
}

/** The status that a line tells; undefined for any other line. Pure. */
export function saidStatus(line: string): number | undefined {
  return line.startsWith(prefix) ? Number(line.slice(prefix.length)) : undefined;
}

const prefix = 'eulab: the script ended with ';

/** @throws CommandError when the last words of a script in a container are not that it ended with 0. */
export function checkSaid(text: string, command: Command): void {
  const lines = text.split('\n');
  const code = lines.map(saidStatus).findLast((said) => said !== undefined);
  if (code === 0) return;
  const how = code === undefined ? 'said that it was done, and was not' : `failed with status ${code}`;
  throw new CommandError(`${command.file} ${how}`, { shown: show(command), code, stderr: lines.slice(-40).join('\n') });
}

import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** What the guest said on its serial console, kept in a file and, as far as its end goes, in memory. */
export interface ConsoleLog {
  readonly file: string;
  /** The last lines, without control characters, oldest first. */
  tail(): readonly string[];
  /** Settles when the stream has ended and the file is written. */
  readonly ended: Promise<void>;
}

const tailLines = 200;
const keptLogs = 20;

/** A new log file's path in the cache; all but the newest few of earlier boots are removed. */
export function logFile(cache: string): string {
  const folder = join(cache, 'logs');
  mkdirSync(folder, { recursive: true });
  const old = readdirSync(folder)
    .filter((name) => name.startsWith('boot-'))
    .sort()
    .slice(0, -keptLogs + 1);
  for (const name of old) rmSync(join(folder, name), { force: true });
  const moment = new Date().toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, '');
  return join(folder, `boot-${moment}-${process.pid}.log`);
}

/** Reads the console to its end, into `file` and a tail in memory. A file that cannot be written loses only the file. */
export function follow(stream: Readable, file: string): ConsoleLog {
  const lines: string[] = [];
  const out = createWriteStream(file);
  out.on('error', () => undefined);
  let rest = '';
  const ended = (async () => {
    for await (const chunk of stream) {
      out.write(chunk);
      const parts = (rest + String(chunk)).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      lines.splice(0, Math.max(0, lines.length - tailLines));
    }
    await new Promise<void>((resolve) => out.end(() => resolve()));
  })().catch(() => undefined);
  return { file, ended, tail: () => printable([...lines, rest]) };
}

/** Lines as a log shows them: no escape sequences, no control characters, no empty ones. */
export function printable(lines: readonly string[]): string[] {
  return (
    lines
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .map((line) => line.replaceAll(/\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_c])|[\x00-\x08\x0b-\x1f\x7f]/g, '').trimEnd())
      .filter((line) => line !== '')
  );
}

import { appendFileSync, mkdirSync, readdirSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as wait } from 'node:timers/promises';

/** One line that the guest said on its console. */
export interface Line {
  /** When its first byte came, in milliseconds since QEMU was started, by the host's monotonic clock. */
  readonly ms: number;
  /** Without its end, escape sequences and control characters. */
  readonly text: string;
}

/** What the guest said on its serial console, kept in a file and, as far as its end goes, in memory. */
export interface ConsoleLog {
  readonly file: string;
  /** When the lines' clock was at 0, by performance.now(). */
  readonly startedMs: number;
  /** The last lines that are not empty, oldest first. */
  lines(): readonly Line[];
  /** Calls `take` with the bytes that come from now on, until disposed. */
  watch(take: (bytes: Buffer) => void): Disposable;
  /** Settles when the stream has ended and the file is written. */
  readonly ended: Promise<void>;
}

/** As many as a boot with initcall_debug writes, several times over. */
const keptLines = 20_000;
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

/** Where a console comes from. */
export interface ConsoleSource {
  /** Hands over what the guest says, until it ends. */
  follow(take: (bytes: Buffer) => void): Promise<void>;
  /** Hands over what it has said by now, where that does not come by itself. */
  catchUp?(): void;
}

/**
 * Reads a console to its end, into `file` and memory. A file that cannot be written loses only the file. `startedMs`: when
 * QEMU was started, by performance.now().
 */
export function consoleLog(source: ConsoleSource, file: string, startedMs: number): ConsoleLog {
  const lines: Line[] = [];
  const watchers = new Set<(bytes: Buffer) => void>();
  const out = batched(file);
  const decoder = new StringDecoder('utf8');
  let rest = { ms: 0, text: '' };
  const keep = (line: Line) => {
    const [text] = printable([line.text]);
    if (text !== undefined) lines.push({ ms: line.ms, text });
    if (lines.length > keptLines) lines.splice(0, lines.length - keptLines);
  };
  const take = (chunk: Buffer) => {
    const ms = performance.now() - startedMs;
    out.write(chunk);
    for (const watcher of watchers) watcher(chunk);
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    rest = { ms: rest.text === '' ? ms : rest.ms, text: rest.text + first };
    for (const text of others) {
      keep(rest);
      rest = { ms, text };
    }
  };
  const ended = source
    .follow(take)
    .catch(() => undefined)
    .finally(() => out.flush());
  return {
    file,
    startedMs,
    ended,
    watch: (watcher) => {
      watchers.add(watcher);
      return { [Symbol.dispose]: () => void watchers.delete(watcher) };
    },
    lines: () => {
      source.catchUp?.();
      return [...lines, ...printable([rest.text]).map((text) => ({ ms: rest.ms, text }))];
    },
  };
}

/** A console that comes as the guest says it. */
export function streamed(stream: Readable): ConsoleSource {
  return {
    follow: async (take) => {
      for await (const chunk of stream) take(chunk);
    },
  };
}

/** How often a file is looked at while the console says something, and while it does not: nobody waits for it. */
const [lookEveryMs, rarelyMs] = [20, 160];
const pieceBytes = 64 * 1024;

/** A console that QEMU writes to a file, open as `descriptor`, until `over` settles. */
export function written(descriptor: number, over: Promise<unknown>): ConsoleSource {
  const piece = Buffer.alloc(pieceBytes);
  let atByte = 0;
  let hand: (bytes: Buffer) => void = () => undefined;
  const read = () => {
    const count = readSync(descriptor, piece, 0, pieceBytes, atByte);
    atByte += count;
    if (count > 0) hand(Buffer.from(piece.subarray(0, count)));
    return count > 0;
  };
  let ended = false;
  const catchUp = () => {
    let some = false;
    while (!ended && read()) some = true;
    return some;
  };
  return {
    catchUp: () => void catchUp(),
    follow: async (take) => {
      hand = take;
      const end = new AbortController();
      const stop = over.then(() => end.abort());
      for (let waitMs = lookEveryMs; !end.signal.aborted; waitMs = catchUp() ? lookEveryMs : Math.min(2 * waitMs, rarelyMs))
        await wait(waitMs, undefined, { signal: end.signal }).catch(() => undefined);
      await stop;
      catchUp();
      ended = true;
    },
  };
}

/** A console says a line at a time: one write for each would take more time than all else that is done here. */
const flushMs = 50;

/** Appends to a new file, whose trouble is nobody's. */
function batched(file: string): { write(chunk: Uint8Array): void; flush(): void } {
  let waiting: Uint8Array[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    try {
      appendFileSync(file, bytes);
    } catch {
      // A full disk, or none: the console is in memory too.
    }
  };
  try {
    writeFileSync(file, '');
  } catch {
    // The same.
  }
  return {
    flush,
    write: (chunk) => {
      waiting.push(chunk);
      timer ??= setTimeout(flush, flushMs);
    },
  };
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

import { closeSync, constants, fstatSync, openSync, type Stats, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { EulabError, isErrno, status } from './errors.ts';
import type { Event } from './report.ts';

/** What happens in a call of eulab, told to a program: a JSON document a line. @see documents/events.ts */
export interface EventStream {
  /** As the command line names it. */
  readonly target: string;
  report(event: Event): void;
  /** The end of the step that goes on, if there is one. */
  settle(state: 'done' | 'failed'): void;
  /** The last line; settles when it has gone out. */
  end(how: { readonly status: number; readonly error: unknown }): Promise<void>;
  /** Leaves the rest to another eulab, which writes to the same place. */
  handOver(): void;
}

/** What is known of the call. */
interface Facts {
  readonly eulab: string;
  readonly verb: string;
  /** What the programs print is told too. */
  readonly verbose: boolean;
  /** The exit status of a call that loses its reader. */
  readonly failure: number;
}

/** A line before it has its time. */
type Told = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** A reader is told of progress so often, and of the last one of each step. */
const progressEveryMs = 100;

/** Whoever does not read the last lines in this time does not get them. */
const lastMs = 2000;

/**
 * Opens the place of events: a file, `fd:N`, or `-` for stdout. `broken` is called, once, when nothing more can be written, or when
 * the reader at the other end of a socket goes away.
 *
 * @throws EulabError (2) when there is no such place.
 */
export function openEvents(
  target: string,
  { eulab, verb, verbose, failure }: Facts,
  broken: (error: EulabError) => void,
): EventStream {
  let over = false;
  const out = opened(target, (error) => {
    if (!over) broken(unwritable(target, error, failure));
    over = true;
  });
  const beganMs = Date.now();
  const write = (told: Told) => {
    if (over) return;
    const { kind, ...rest } = told;
    out.write(`${JSON.stringify({ kind, at: new Date().toISOString(), ...rest })}\n`);
  };
  const steps = stepsTo(write);
  write({ kind: 'start', schema: 1, eulab, verb });
  return {
    target,
    report: (event) => {
      if (event.kind !== 'line' || verbose) steps.report(event);
    },
    settle: (state) => steps.settle(state),
    end: async ({ status: code, error }) => {
      steps.settle(error === undefined ? 'done' : 'failed');
      write({ kind: 'end', status: code, tookMs: Date.now() - beganMs, error: error === undefined ? null : errorFacts(error) });
      // A reader that went away closes nothing any more.
      if (!over) await out.close();
      over = true;
    },
    handOver: () => {
      over = true;
      void out.close();
    },
  };
}

/** Numbers the steps, and thins out their progress. */
function stepsTo(write: (told: Told) => void): Pick<EventStream, 'report' | 'settle'> {
  let step = 0;
  let begunMs: number | undefined;
  let progressMs = 0;
  let held: Told | undefined;
  const release = () => {
    if (held !== undefined) write(held);
    held = undefined;
  };
  const settle = (state: 'done' | 'failed') => {
    release();
    if (begunMs !== undefined) write({ kind: 'step-end', step, state, tookMs: Date.now() - begunMs });
    begunMs = undefined;
  };
  return {
    settle,
    report: (event) => {
      if (event.kind === 'step') {
        settle('done');
        step += 1;
        begunMs = Date.now();
        progressMs = 0;
        write({ kind: 'step', step, text: event.text });
      } else if (event.kind === 'progress') {
        const { done, total = null, about = false, unit, now = null } = event;
        held = { kind: 'progress', step: step || null, done, total, about, unit, now };
        if (Date.now() - progressMs < progressEveryMs) return;
        progressMs = Date.now();
        release();
      } else if (event.kind === 'warning') write({ kind: 'warning', text: event.text, hint: event.hint ?? null });
      else write(event);
    },
  };
}

function errorFacts(error: unknown) {
  const known = error instanceof EulabError ? error : undefined;
  return {
    message: error instanceof Error ? error.message : String(error),
    hint: known?.hint ?? null,
    check: known?.check ?? null,
    details: known?.details ?? [],
  };
}

/** A place that lines go to. */
interface Out {
  write(line: string): void;
  close(): Promise<void>;
}

/** `failed` gets the first error; nothing throws after this has returned. */
function opened(target: string, failed: (error: unknown) => void): Out {
  if (target === '-') return stdout(failed);
  const number = /^fd:(\d+)$/.exec(target)?.[1];
  if (number !== undefined && Number(number) < 3) {
    throw new EulabError(`--events ${target}: 0 to 2 have their own use`, {
      hint: 'open another one: --events fd:3 3>FILE',
      exitCode: status.usage,
    });
  }
  try {
    const fd = number === undefined ? openFile(target) : Number(number);
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket() ? piped(fd, stat, failed) : filed(fd, failed);
  } catch (error) {
    throw unwritable(target, error, status.usage);
  }
}

/** Opens what is there, and makes what is not: root may not say both at once of another's file in /tmp. @see proc_sys_fs(5), protected_regular */
function openFile(path: string): number {
  // A pipe that has a name and no reader would have us wait for one.
  const flags = constants.O_WRONLY | constants.O_NONBLOCK;
  try {
    return openSync(path, flags | constants.O_TRUNC);
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ENOENT') throw error;
    return openSync(path, flags | constants.O_CREAT | constants.O_EXCL, 0o666);
  }
}

function stdout(failed: (error: unknown) => void): Out {
  process.stdout.on('error', failed);
  return { write: (line) => void process.stdout.write(line), close: async () => undefined };
}

function filed(fd: number, failed: (error: unknown) => void): Out {
  return {
    write: (line) => {
      try {
        writeSync(fd, line);
      } catch (error) {
        failed(error);
      }
    },
    close: async () => closeSync(fd),
  };
}

/** A pipe or a socket, which may be full: then lines wait here. The end of a socket is the end of its reader. */
function piped(fd: number, stat: Stats, failed: (error: unknown) => void): Out {
  const socket = new Socket({ fd, readable: stat.isSocket(), writable: true });
  socket.on('error', failed);
  // One that only listens does not keep us here.
  socket.unref();
  let closing = false;
  if (stat.isSocket()) socket.resume().on('end', () => closing || failed(undefined));
  return {
    write: (line) => void socket.write(line),
    close: async () => {
      closing = true;
      socket.ref();
      const limit = setTimeout(() => socket.destroy(), lastMs);
      await new Promise<void>((settle) => socket.once('close', () => settle()).end(() => socket.destroy()));
      clearTimeout(limit);
    },
  };
}

/** The error of a place that cannot be written to. */
function unwritable(target: string, error: unknown, exitCode: number): EulabError {
  const code = isErrno(error) ? error.code : undefined;
  const usage = { hint: 'name a file that you may write: --events FILE, or --events fd:3 3>FILE', exitCode };
  switch (code) {
    case undefined:
    case 'EPIPE':
    case 'ECONNRESET':
      return new EulabError(`--events ${target}: its reader went away`, { cause: error, exitCode });
    case 'ENOSPC':
    case 'EDQUOT':
      return new EulabError(`--events ${target}: the disk is full (${code})`, {
        hint: 'make room, or name another place',
        exitCode,
      });
    case 'ENXIO':
      return new EulabError(`--events ${target}: nobody reads it`, { hint: 'start its reader first', exitCode });
    case 'EBADF':
      return new EulabError(`--events ${target}: there is no such descriptor`, usage);
    default:
      return new EulabError(`--events ${target}: cannot be written (${code})`, usage);
  }
}

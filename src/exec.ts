import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Options, Result } from 'execa';
import { type Command, show } from './command.ts';
import { CommandError, EulabError, status } from './errors.ts';
import { checkOf, packageOf } from './packages.ts';

/** How one run is watched and ended. */
export interface RunOptions {
  /** Ends the program and everything it started: SIGTERM to its process group, SIGKILL three seconds later. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The signal ends what the program runs for us, and not the program itself: it then fails by itself and cleans up. For
   * container engines, which leave their containers behind when they are killed; ten seconds later their group is. A function
   * ends that work in its own way.
   */
  readonly cleansUp?: true | (() => void);
  /**
   * The program's standard input is a pipe that ends when the signal comes, or when we do; what it runs for us hangs on that. Ten
   * seconds later its group is ended.
   */
  readonly hangsOnInput?: true;
  /** Told each line of stdout and stderr, without its newline, as it comes. */
  readonly onLine?: (line: string) => void;
  readonly timeoutMs?: number;
  /** Handed to the program as its standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
}

/** What a program left behind; `code` is undefined when a signal ended it, `timedOut` when that was our time limit's. */
export interface Outcome {
  readonly code: number | undefined;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const killAfterMs = 3000;
const cleanUpMs = 10_000;

/** The error for programs that are not on PATH, with the packages that bring them, or for one that was named by its path; status 3. */
export function missing(...programs: readonly [string, ...string[]]): EulabError {
  if (programs[0].includes('/')) {
    const hint = 'name one that is there, or none: then it is looked for on PATH';
    return new EulabError(`${programs[0]} is not installed`, {
      hint,
      check: checkOf(basename(programs[0])),
      exitCode: status.notReady,
    });
  }
  const wanted = new Set(programs.map((program) => packageOf(program)));
  return new EulabError(`${programs.join(', ')} ${programs.length === 1 ? 'is' : 'are'} not installed`, {
    hint: `apt-get install ${[...wanted].join(' ')}`,
    remedy: `sudo apt-get install -y ${[...wanted].join(' ')}`,
    check: checkOf(programs[0]),
    exitCode: status.notReady,
  });
}

/** The path of a program: itself when it has a slash, else the first on PATH; undefined when there is none. */
export function locate(program: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter);
  const places = program.includes('/') ? [program] : folders.map((folder) => join(folder, program));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Run to the end. @throws CommandError when the status is not 0; EulabError (3) when there is no such program. */
export async function run(command: Command, options: RunOptions = {}): Promise<void> {
  // Not buffered: a build writes megabytes. The last lines are kept for the error.
  const tail: string[] = [];
  const child = launch(await library(), command, options, { stdout: 'pipe', stderr: 'pipe', all: true, buffer: false });
  const lines = (async () => {
    for await (const line of child.iterable({ from: 'all' })) {
      tail.push(String(line));
      if (tail.length > 40) tail.shift();
      options.onLine?.(String(line));
    }
  })();
  // iterable() rejects as the process does; the outcome below says it better.
  const [result] = await Promise.all([child, lines.catch(() => undefined)]);
  check(command, result, tail.join('\n'), options.signal);
}

/** What the program printed on stdout, without the last newline. @throws as `run`. */
export async function read(command: Command, options: RunOptions = {}): Promise<string> {
  const result = await launch(await library(), command, options, { stdout: 'pipe', stderr: 'pipe' });
  check(command, result, String(result.stderr ?? ''), options.signal);
  return String(result.stdout ?? '');
}

/** Run to the end and say what came out, whatever its status. @throws EulabError (3) when there is no such program. */
export async function probe(command: Command, options: RunOptions = {}): Promise<Outcome> {
  const result = await launch(await library(), command, options, { stdout: 'pipe', stderr: 'pipe' });
  if (result.code === 'ENOENT') throw missing(command.file);
  return {
    code: result.exitCode,
    timedOut: result.timedOut,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
  };
}

/**
 * Runs two programs to their end, with what the one prints as the other one's input. `input` is the first one's.
 *
 * @returns what the second printed.
 * @throws as `run`, for the one that failed by itself: the other fails of that.
 */
export async function piped(from: Command, to: Command, options: Pick<RunOptions, 'signal' | 'input'> = {}): Promise<string> {
  const execa = await library();
  const { signal } = options;
  const both = { stdout: 'pipe', stderr: 'pipe' } as const;
  const first = launch(execa, from, options, { ...both, buffer: { stdout: false, stderr: true } });
  const second = launch(execa, to, { signal, hangsOnInput: true }, both);
  const flow = pipeline(first.stdout, second.stdin as Writable).then(
    () => 'whole',
    () => 'broken',
  );
  const [sent, taken] = await Promise.all([first, second]);
  const fails = (command: Command, result: typeof sent | typeof taken) =>
    check(command, result, String(result.stderr ?? ''), signal);
  // One that nobody reads from fails of that, in one way or another.
  if (!taken.failed || (await flow) === 'whole') fails(from, sent);
  fails(to, taken);
  return String(taken.stdout ?? '');
}

/**
 * A long-lived program with the given descriptors, for the virtual machine. Each `'pipe'` is a connected Unix socket; a number is a
 * descriptor of ours.
 * `detached`: in a session of its own, where the keys of our terminal do not reach it.
 *
 * Not through execa: loading it costs as much as starting Node, and this stands in the path of every boot.
 *
 * @throws EulabError (3) when there is no such program.
 */
export async function start(
  command: Command,
  stdio: readonly ('ignore' | 'inherit' | 'pipe' | number)[],
  { detached = false }: { readonly detached?: boolean } = {},
): Promise<ChildProcess> {
  const child = spawn(command.file, command.args, {
    stdio: [...stdio],
    detached,
    env: { ...process.env, ...command.env },
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missing(command.file) : new EulabError(`cannot start ${command.file}: ${error.message}`)),
    );
  });
  return child;
}

/** Loaded at the first call: `eulab --help` and a boot need not wait for it. */
const library = () => import('execa');

function launch<Extra extends Options>({ execa }: typeof import('execa'), command: Command, options: RunOptions, extra: Extra) {
  options.signal?.throwIfAborted();
  const sudo = command.root === true && process.getuid?.() !== 0;
  const [file, args] = sudo ? ['sudo', [command.file, ...command.args]] : [command.file, [...command.args]];
  const child = execa(file, args, {
    ...extra,
    ...(command.env === undefined ? {} : { env: command.env }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...inputOf(options),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
    reject: false as const,
    // A group of its own, so that what the program started can be ended with it; sudo keeps the terminal it asks on.
    detached: !sudo,
  });
  const stop = () => {
    if (options.hangsOnInput === true) {
      child.stdin?.end();
      return endGroup(child, sudo, cleanUpMs);
    }
    if (options.cleansUp === undefined) return endGroup(child, sudo);
    if (options.cleansUp === true) return endWork(child);
    options.cleansUp();
    endGroup(child, sudo, cleanUpMs);
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  const unhook = () => options.signal?.removeEventListener('abort', stop);
  child.then(unhook, unhook);
  return child;
}

function inputOf({ input, hangsOnInput }: RunOptions) {
  if (input !== undefined) return { input };
  return { stdin: hangsOnInput === true ? ('pipe' as const) : ('ignore' as const) };
}

/** What ending a program needs of it. */
interface Child {
  readonly pid?: number | undefined;
  kill(signal: NodeJS.Signals): boolean;
}

function endGroup(child: Child, single: boolean, firstMs = 0): void {
  const send = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      if (single) child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch {
      // ESRCH: it has ended by itself meanwhile.
    }
  };
  setTimeout(() => send('SIGTERM'), firstMs).unref();
  setTimeout(() => send('SIGKILL'), firstMs + killAfterMs).unref();
}

/** Ends the other programs below a program; those that are the same one again (podman starts itself) are spared. */
function endWork(child: Child): void {
  if (child.pid === undefined) return;
  const own = programOf(child.pid);
  for (const pid of descendants(child.pid)) {
    if (programOf(pid) === own) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ESRCH, as above.
    }
  }
  endGroup(child, false, cleanUpMs);
}

function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

/** The processes below one, from a single look at all. @see proc(5), /proc/pid/stat: the parent is the second field behind the name */
function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended while we looked.
    }
  }
  const below = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === root || below(parent));
  };
  return [...parents.keys()].filter(below);
}

function check(
  command: Command,
  result: Pick<Result, 'code' | 'exitCode' | 'failed' | 'signal' | 'timedOut'>,
  stderr: string,
  signal?: AbortSignal,
): void {
  if (result.code === 'ENOENT') throw missing(command.file);
  if (!result.failed) return;
  signal?.throwIfAborted();
  const how = result.timedOut
    ? 'took too long'
    : result.signal
      ? `was ended by ${result.signal}`
      : `failed with status ${result.exitCode}`;
  throw new CommandError(`${command.file} ${how}`, { shown: show(command), code: result.exitCode, stderr }, { cause: stderr });
}

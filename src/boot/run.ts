import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EulabError, isErrno, status } from '../errors.ts';
import { start } from '../exec.ts';
import { portNames, reply, request, stdinOpening, untilToken } from './channel.ts';
import { type ConsoleLog, follow } from './console.ts';
import { diagnose } from './diagnose.ts';
import { type Machine, qemu } from './qemu.ts';

/** The user's end of a command's streams. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** One command in one machine. */
export interface Run {
  readonly machine: Omit<Machine, 'console'>;
  readonly argv: readonly string[];
  readonly streams: Streams;
  /** The file for the guest's console. */
  readonly log: string;
  /** For the whole run; undefined for none. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** A guest that says nothing for so long after its start will never say anything: ten times a slow start under TCG. */
export const startLimitMs = 120_000;

/** The console of a command's machine: QEMU's stdout, and a descriptor from 3 on for each port. */
export const commandConsole = {
  kind: 'command' as const,
  ports: portNames.map((name, index) => ({ name, descriptor: index + 3 })),
};

/**
 * Boots, runs the command with the user's streams, and returns its status. No QEMU is left when this returns or throws.
 *
 * @throws EulabError 255 when the guest panicked or died, 125 when it ended otherwise before the status was known, 124 at
 *   the time limit, and the signal's own reason when it is aborted.
 */
export async function runCommand(run: Run): Promise<number> {
  const machine = { ...run.machine, console: commandConsole };
  await using vm = await launch(qemu(machine), run.log);
  const limits = new AbortController();
  try {
    return await Promise.race([
      converse(vm, run, limits.signal),
      timeLimit(run, vm, limits.signal),
      aborted(run.signal, limits.signal),
    ]);
  } finally {
    limits.abort();
  }
}

/** A running QEMU with its ports; disposing it ends it. */
interface Vm extends AsyncDisposable {
  readonly ports: readonly Duplex[];
  readonly console: ConsoleLog;
  /** Settles with QEMU's own end and all that it wrote. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
  /** True once the guest's init answered. */
  ready: boolean;
}

async function launch(command: ReturnType<typeof qemu>, log: string): Promise<Vm> {
  const child = await start(command, ['ignore', 'pipe', 'pipe', ...portNames.map(() => 'pipe' as const)]);
  const [, stdout, stderr, ...ports] = child.stdio;
  if (!(stdout instanceof Readable) || !(stderr instanceof Readable)) throw new EulabError('QEMU has no output');
  const sockets = ports.filter((port) => port instanceof Duplex);
  // A port fails with EPIPE or ECONNRESET when QEMU ends; that end is what is told, not this.
  for (const port of sockets) port.on('error', () => undefined);
  let said = '';
  stderr.on('data', (chunk) => {
    said += chunk;
  });
  const console = follow(stdout, log);
  const ended = once(child, 'close').then(async ([code, signal]) => {
    await console.ended;
    return { code, signal, stderr: said };
  });
  const gone = once(child, 'exit');
  return {
    ports: sockets,
    console,
    ended,
    ready: false,
    [Symbol.asyncDispose]: async () => {
      // The guest has synced its disks before it told its status, so nothing is lost by ending QEMU without asking.
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await gone;
      for (const port of sockets) port.destroy();
      await console.ended;
    },
  };
}

async function converse(vm: Vm, run: Run, over: AbortSignal): Promise<number> {
  const [control, stdin, stdout, stderr] = vm.ports as [Duplex, Duplex, Duplex, Duplex];
  const token = randomBytes(16).toString('hex');
  control.write(request({ argv: run.argv, token }));
  stdin.write(stdinOpening);
  const feeding = feed(run.streams.stdin, stdin);
  over.addEventListener('abort', feeding.stop, { once: true });
  const complete = Promise.all([
    exitStatus(control, vm),
    deliver(stdout, token, run.streams.stdout),
    deliver(stderr, token, run.streams.stderr),
  ]).then(([code]) => code);
  // Whichever comes first: all of the output with its status, or the end of QEMU without it.
  const code = await Promise.race([complete, vm.ended.then(() => undefined)]);
  if (code !== undefined) return code;
  const end = await vm.ended;
  throw diagnose({ ...end, console: vm.console.lines(), log: vm.console.file });
}

/** Sends the user's input to its end; an input that fails or is closed is an end like any other. */
function feed(source: Readable, port: Duplex): { stop(): void } {
  source.pipe(port);
  source.on('error', () => port.end());
  return {
    stop: () => {
      source.unpipe(port);
      source.destroy();
    },
  };
}

async function exitStatus(control: Duplex, vm: { ready: boolean }): Promise<number> {
  let rest = '';
  for await (const chunk of received(control)) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const said = reply(line);
      if (said?.kind === 'ready') vm.ready = true;
      if (said?.kind === 'exit') return said.status;
    }
  }
  return never();
}

/** Copies until the token. A reader that went away (`| head`) ends the run as SIGPIPE would end the command here. */
async function deliver(port: Duplex, token: string, to: NodeJS.WritableStream): Promise<void> {
  let whole = false;
  const upTo = async function* () {
    whole = yield* untilToken(received(port), token);
  };
  try {
    await pipeline(upTo, to, { end: false });
  } catch (error) {
    if (isErrno(error) && error.code === 'EPIPE') {
      throw new EulabError('the reader of the output went away', { exitCode: 128 + 13 });
    }
    throw error;
  }
  if (!whole) await never();
}

/** What comes from a port, to the end of QEMU: when that is sudden, what it had not read counts as a reset. */
async function* received(port: Duplex): AsyncGenerator<Buffer> {
  try {
    yield* port;
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ECONNRESET') throw error;
  }
}

async function timeLimit(run: Run, vm: Vm, over: AbortSignal): Promise<never> {
  const startedMs = Date.now();
  const left = () => (run.timeoutMs ?? Number.POSITIVE_INFINITY) - (Date.now() - startedMs);
  if (left() > startLimitMs) {
    await pause(startLimitMs, over);
    if (!vm.ready) throw tooLong(`the guest did not come up in ${startLimitMs / 1000} s`, status.unknown, vm);
  }
  if (run.timeoutMs === undefined) return never();
  await pause(left(), over);
  throw tooLong(`the time limit of ${run.timeoutMs / 1000} s is over`, status.timeout, vm);
}

function tooLong(message: string, exitCode: number, vm: Vm): EulabError {
  return new EulabError(message, {
    details: vm.console
      .lines()
      .slice(-12)
      .map(({ text }) => text),
    hint: `the whole console: ${vm.console.file}`,
    exitCode,
  });
}

function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms));
    over.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    over.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
  });
}

/** For a race that another runner decides. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

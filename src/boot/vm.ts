import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex, Readable, Writable } from 'node:stream';
import { EulabError, isErrno } from '../errors.ts';
import { start } from '../exec.ts';
import { type ConsoleLog, consoleLog, streamed, written } from './console.ts';
import { farewell, underKeeper } from './keeper.ts';
import { type Bare, type Port, qemu } from './machine/qemu.ts';
import type { Claim } from './running/running.ts';

/** How QEMU ended and what it wrote. */
export interface QemuEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** A running QEMU; disposing it ends it and removes its folder. */
export interface Vm extends AsyncDisposable {
  readonly pid: number;
  /** Its private folder, with its sockets. */
  readonly folder: string;
  /** The guest's console; QEMU's stdin is what is typed on it. */
  readonly console: ConsoleLog;
  readonly typed: Writable;
  /** Connections to QEMU's sockets. Each settles when QEMU has made it, and rejects when QEMU ends before. */
  port(name: Port): Promise<Socket>;
  /** Settles when the cards are in their switches. @throws EulabError (3) when there can be no switch. */
  readonly plugged: Promise<void>;
  /** Ends QEMU without asking. */
  kill(): void;
  /** What QEMU itself has written so far. */
  said(): string;
  /** Settles with QEMU's own end and all that it wrote. */
  readonly ended: Promise<QemuEnd>;
}

/** How a machine is launched. */
export interface Launch {
  /** The file for the console. */
  readonly log: string;
  /** Claims the machine's name and its folder. */
  readonly claim: () => Promise<Claim>;
  /** The terminal that is in raw mode meanwhile. */
  readonly terminal?: { readonly device: string; readonly settings: string };
  /** The console is wanted as it comes, and each line with its time; else it is looked at now and then, which costs less. */
  readonly live: boolean;
}

/** QEMU makes its sockets some 20 ms after its start. */
const dialEveryMs = 3;

/**
 * Starts QEMU under a keeper: when this process is killed, so is QEMU, and its folder goes.
 *
 * @throws EulabError (3) when there is no such program.
 */
export async function launch(machine: Bare, { log, claim, terminal, live }: Launch): Promise<Vm> {
  const inLab = machine.net.some(({ backend }) => backend.kind === 'lab');
  const plugIn = inLab ? (await import('./cables.ts')).cables : noCables;
  // The last thing before the keeper is there: a folder without one would outlive a killed eulab.
  const claimed = await claim();
  const { folder } = claimed;
  const command = underKeeper(qemu({ ...machine, folder }), { folder, ...(terminal === undefined ? {} : { terminal }) });
  const plugs = plugIn(machine.net, folder);
  plugs.plugged.catch(() => undefined);
  // QEMU writes byte by byte: through a socket each of them would wake this process.
  const file = live ? undefined : newFile(join(folder, 'console'));
  const startedMs = performance.now();
  const streams = ['pipe', file ?? 'pipe', 'pipe', 'pipe'] as const;
  const child = await start(command, streams, { detached: true }).catch((error: unknown) => {
    if (file !== undefined) closeSync(file);
    plugs[Symbol.dispose]();
    claimed[Symbol.dispose]();
    throw error;
  });
  claimed.announce(log);
  const [stdin, stdout, stderr, lifeline] = child.stdio;
  if (!(stdin instanceof Writable && stderr instanceof Readable && lifeline instanceof Duplex)) {
    throw new EulabError('QEMU has no standard streams');
  }
  // Each fails with EPIPE or ECONNRESET when QEMU ends; that end is what is told, not this.
  for (const stream of [stdin, lifeline]) stream.on('error', () => undefined);
  let said = '';
  stderr.on('data', (chunk) => {
    said += chunk;
  });
  const gone = once(child, 'exit');
  const source = file === undefined ? streamed(stdout as Readable) : written(file, gone);
  const console = consoleLog(source, log, startedMs);
  void console.ended.then(() => file === undefined || closeSync(file));
  const heard = once(stderr, 'close');
  const ended = gone.then(async ([code, signal]) => {
    await Promise.all([console.ended, heard]);
    return { code, signal, stderr: said };
  });
  const sockets: Socket[] = [];
  return {
    pid: child.pid ?? 0,
    folder,
    console,
    typed: stdin,
    said: () => said,
    ended,
    plugged: plugs.plugged,
    kill: () => void child.kill('SIGKILL'),
    port: async (name) => {
      const socket = await dialled(join(folder, name), () => child.exitCode === null && child.signalCode === null);
      socket.on('error', () => undefined);
      sockets.push(socket);
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await gone;
      for (const socket of sockets) socket.destroy();
      plugs[Symbol.dispose]();
      await console.ended;
      claimed[Symbol.dispose]();
      const over = once(lifeline, 'close');
      lifeline.resume().end(farewell);
      await over;
    },
  };
}

/** The descriptor of a new file; undefined where none can be made. */
function newFile(path: string): number | undefined {
  try {
    return openSync(path, 'wx+', 0o600);
  } catch {
    return undefined;
  }
}

/** For a machine without a lab. */
function noCables() {
  return { plugged: Promise.resolve(), [Symbol.dispose]: () => undefined };
}

/** Connects to a socket that somebody is about to make. */
async function dialled(path: string, awaited: () => boolean): Promise<Socket> {
  for (;;) {
    while (!existsSync(path) && awaited()) await new Promise((resolve) => setTimeout(resolve, dialEveryMs));
    const socket = dial(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      const early = isErrno(error) && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');
      if (!early || !awaited()) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, dialEveryMs));
  }
}

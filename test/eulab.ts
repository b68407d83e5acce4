import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** The checkout. */
export const root = resolve(import.meta.dirname, '..');

/** The bundle, as `npm install -g` would put it on PATH. */
export const bundle = join(root, 'dist/eulab.mjs');

/** The cache of the tests, which those builds have filled that came before. */
export const cache = process.env['EULAB_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'eulab');

/** How a program ended and what it printed. */
export interface Ended {
  /** 128+n when signal n ended it, as a shell says it. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Call {
  readonly input?: string | Uint8Array;
  /** Added to that of the tests; undefined takes a variable out. */
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
}

/** Calls the bundled eulab, in the checkout unless told otherwise. Input is empty unless given. */
export function eulab(args: readonly string[], call: Call = {}): Promise<Ended> {
  return program(process.execPath, [bundle, ...args], call);
}

/** Runs a program to its end. */
export async function program(file: string, args: readonly string[], call: Call = {}): Promise<Ended> {
  const child = launch(file, args, call);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(call.input ?? '');
  return ended(child);
}

/** Starts the bundled eulab and leaves it running; its stdin is open. */
export function started(args: readonly string[], call: Call = {}): ChildProcess {
  return launch(process.execPath, [bundle, ...args], call);
}

/** As `started`, another program. */
export function startedProgram(file: string, args: readonly string[], call: Call = {}): ChildProcess {
  return launch(file, args, call);
}

/** Waits for the end of a program that `started` started. */
export async function ended(child: ChildProcess): Promise<Ended> {
  if (child.stdout === null || child.stderr === null) throw new Error('started without pipes');
  const [stdout, stderr, status] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    new Promise<number>((settle, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => settle(code ?? 128 + signalNumber(signal)));
    }),
  ]);
  return { status, stdout, stderr: stderr.toString() };
}

function launch(file: string, args: readonly string[], { env, cwd }: Call): ChildProcess {
  // The settings of whoever runs the tests are not what is tested.
  const usual = { NO_COLOR: '1', EULAB_CONFIG: 'none' };
  return spawn(file, args, { cwd: cwd ?? root, env: { ...process.env, ...usual, ...env }, stdio: 'pipe' });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 1;
}

/** A folder for one test, gone at its end. */
export function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'eulab-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A QEMU in a folder that tells its version, as every boot asks, and fails when it is started for one. */
export function barrenQemu(path: string): string {
  const file = join(path, 'barren-qemu');
  writeFileSync(file, '#!/bin/sh\n[ "$*" = -version ] && exec qemu-system-x86_64 -version\nexit 97\n', { mode: 0o755 });
  return file;
}

/** The ids of the processes that have this text in their command line, other than this one. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);
}

/** Those that are still there after a second: a killed process needs a moment to go. */
export async function leftWith(text: string): Promise<number[]> {
  const startedMs = performance.now();
  let left = processesWith(text);
  while (left.length > 0 && performance.now() - startedMs < 1000) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = processesWith(text);
  }
  return left;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** What `node -e 0` takes on a machine that has nothing else to do. */
const usualNodeMs = 60;

/** A time limit as it is on this machine now: as many times longer as Node itself takes longer to start than it usually does. */
export async function scaled(ms: number): Promise<number> {
  const beganMs = performance.now();
  await program(process.execPath, ['-e', '0']);
  return ms * Math.max(1, (performance.now() - beganMs) / usualNodeMs);
}

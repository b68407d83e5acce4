import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { self, running as stillRuns } from '../../artifacts/holder.ts';
import { EulabError, isErrno, status } from '../../errors.ts';

/** What is told of a machine while it runs. */
export interface Facts {
  /** Of the eulab that holds it. */
  readonly pid: number;
  /** When that process started, in clock ticks since the host's boot: with the pid it names one process for good. */
  readonly start: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly kernel: string;
  /** The command in the guest; empty for a shell. */
  readonly argv: readonly string[];
  /** The file that gets all of its console. */
  readonly console?: string;
}

/** A machine that runs: its name and the private folder with its sockets. */
export interface Running extends Facts, Place {}

const factsFile = 'machine.json';

/**
 * The folder that has one for each machine of this user: `eulab` in XDG_RUNTIME_DIR, else in the folder for temporary files.
 * Only its owner may enter it. @throws EulabError (3) when somebody else made it.
 */
export function runtimeFolder(env: NodeJS.ProcessEnv): string {
  const uid = process.getuid?.() ?? 0;
  const folder = env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 'eulab') : join(tmpdir(), `eulab-${uid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = isErrno(error) ? error.code : String(error);
    throw new EulabError(`cannot make ${folder}: ${why}`, {
      hint: 'set XDG_RUNTIME_DIR to a folder of your own',
      check: 'runtime',
      exitCode: status.notReady,
    });
  }
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== uid) {
    throw new EulabError(`${folder} belongs to somebody else`, {
      hint: 'set XDG_RUNTIME_DIR to a folder of your own',
      check: 'runtime',
      exitCode: status.notReady,
    });
  }
  if ((stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  return folder;
}

/** A name and its folder. */
export interface Place {
  readonly name: string;
  readonly folder: string;
}

/** A name's folder, claimed for one machine; disposing it gives the name back, once. */
export interface Claim extends Place, Disposable {
  /** Tells others of the machine; `console` is the file that gets all of its console. */
  announce(console: string): void;
}

/**
 * Claims a name and makes its folder: the one that was asked for, else the first of vm1, vm2, ... that is free. `facts` are
 * what is to be told of the machine.
 *
 * @throws EulabError (2) when the name is taken by a machine that runs.
 */
export async function claim(wanted: string | undefined, root: string, facts: Omit<Facts, 'pid' | 'start'>): Promise<Claim> {
  for (let number = 1; ; number += 1) {
    const name = wanted ?? `vm${number}`;
    const folder = join(root, name);
    if (make(folder)) return claimed({ name, folder }, facts);
    const holder = read(root, name);
    // Between the folder and its facts there are milliseconds: what has none, and is old, was left by a crash.
    if (holder === undefined ? !young(folder) : !(await alive(holder))) {
      rmSync(folder, { recursive: true, force: true });
      number -= 1;
      continue;
    }
    if (wanted === undefined) continue;
    throw new EulabError(`a machine named ${name} runs already${holder === undefined ? '' : ` (process ${holder.pid})`}`, {
      hint: `choose another --name, or end it: eulab stop ${name}`,
      exitCode: status.usage,
    });
  }
}

function claimed(place: Place, facts: Omit<Facts, 'pid' | 'start'>): Claim {
  let held = true;
  return {
    ...place,
    announce: (console) => {
      const { pid, start } = self();
      const whole: Facts = { ...facts, pid, start, console };
      writeFileSync(join(place.folder, factsFile), JSON.stringify(whole), { mode: 0o600 });
    },
    [Symbol.dispose]: () => {
      // Once only: the moment it is gone, the name may be another's.
      if (held) rmSync(place.folder, { recursive: true, force: true });
      held = false;
    },
  };
}

/** The name that `claim` would take, without taking it. */
export async function nextName(wanted: string | undefined, root: string): Promise<Place> {
  const taken = new Set((await list(root)).map(({ name }) => name));
  const numbers = Array.from({ length: taken.size + 1 }, (_, index) => `vm${index + 1}`);
  const name = wanted ?? numbers.find((free) => !taken.has(free)) ?? 'vm1';
  return { name, folder: join(root, name) };
}

/** The machines of this user that run, by name; what a crash left of others is removed. */
export async function list(root: string): Promise<Running[]> {
  const machines: Running[] = [];
  for (const name of readdirSync(root).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const facts = read(root, name);
    if (facts !== undefined && (await alive(facts))) machines.push({ ...facts, name, folder: join(root, name) });
    else if (facts !== undefined) rmSync(join(root, name), { recursive: true, force: true });
  }
  return machines;
}

/** The machine of that name. @throws EulabError (2) that lists those that run. */
export async function running(name: string, root: string): Promise<Running> {
  const machines = await list(root);
  const found = machines.find((machine) => machine.name === name);
  if (found !== undefined) return found;
  const names = machines.map((machine) => machine.name).join(', ');
  throw new EulabError(`no machine named ${name} runs`, {
    hint: names === '' ? 'none runs at all; start one: eulab boot' : `there are ${names}`,
    exitCode: status.usage,
  });
}

function make(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

function young(folder: string): boolean {
  try {
    return Date.now() - lstatSync(folder).mtimeMs < 10_000;
  } catch {
    return false;
  }
}

function read(root: string, name: string): Facts | undefined {
  try {
    return JSON.parse(readFileSync(join(root, name, factsFile), 'utf8')) as Facts;
  } catch {
    return undefined;
  }
}

function alive({ pid, start }: Facts): Promise<boolean> {
  return stillRuns(pid, start);
}

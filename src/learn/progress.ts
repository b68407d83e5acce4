import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';
import { writeWhole } from '../whole-file.ts';

/** How far a learner is with one lab. */
export interface Kept {
  /** When the lab was begun, and when it was looked at last: milliseconds since 1970. */
  readonly begunMs: number;
  readonly touchedMs: number;
  /** The folder that has its learn/. */
  readonly root?: string;
  /** When all its goals were reached; for good. */
  readonly doneMs?: number;
  /** So many hints were shown, and so often it was checked. */
  readonly hints: number;
  readonly checks: number;
}

/** A learner's progress: a small file for each lab, each written whole or not at all. */
export interface Progress {
  /** Undefined for a lab that was not begun. @throws EulabError when its file is damaged. */
  of(lab: string): Kept | undefined;
  /** Notes what has changed, on top of what is kept; a lab that was not begun is. */
  note(lab: string, change: Partial<Kept>): Kept;
  forget(lab: string): void;
}

/**
 * The progress that is kept in `learn` of EULAB_STATE, else of `eulab` in XDG_STATE_HOME, else in ~/.local/state. Nothing is made
 * before there is something to note.
 *
 * @see XDG Base Directory Specification
 */
export function progress(env: NodeJS.ProcessEnv, nowMs: () => number = Date.now): Progress {
  const home = env['XDG_STATE_HOME'] || join(homedir(), '.local/state');
  const folder = join(env['EULAB_STATE'] ? resolve(env['EULAB_STATE']) : join(home, 'eulab'), 'learn');
  const fileOf = (lab: string) => join(folder, `${lab}.json`);
  const of = (lab: string) => read(fileOf(lab), lab);
  return {
    of,
    note: (lab, change) => {
      const now = nowMs();
      const known: Kept = of(lab) ?? { begunMs: now, touchedMs: now, hints: 0, checks: 0 };
      const done = known.doneMs ?? change.doneMs;
      const record: Kept = { ...known, ...change, touchedMs: now, ...(done === undefined ? {} : { doneMs: done }) };
      write(folder, fileOf(lab), record);
      return record;
    },
    forget: (lab) => {
      try {
        rmSync(fileOf(lab), { force: true });
      } catch (error) {
        throw unwritable(error, folder);
      }
    },
  };
}

function read(file: string, lab: string): Kept | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw isErrno(error) ? new EulabError(`cannot read ${file}: ${error.code}`, { cause: error }) : error;
  }
  try {
    const record = JSON.parse(text);
    const numbers = [record.begunMs, record.touchedMs, record.hints, record.checks, record.doneMs ?? 0];
    if (numbers.every((one) => Number.isFinite(one))) return record;
  } catch {
    // Told below.
  }
  throw new EulabError(`${file} is damaged: it is not what eulab wrote`, {
    hint: `begin the lab anew: eulab learn reset ${lab}`,
  });
}

function write(folder: string, file: string, record: Kept): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const left of readdirSync(folder).filter((name) => isLeft(name))) rmSync(join(folder, left), { force: true });
    writeWhole(file, `${JSON.stringify(record)}\n`);
  } catch (error) {
    throw unwritable(error, folder);
  }
}

/** True for a draft whose writer is gone. */
function isLeft(name: string): boolean {
  const pid = /\.json\.(\d+)$/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return isErrno(error) && error.code === 'ESRCH';
  }
}

function unwritable(error: unknown, folder: string): unknown {
  if (!isErrno(error)) return error;
  return new EulabError(`your progress cannot be kept in ${folder} (${error.code})`, {
    hint: 'name a folder of your own: EULAB_STATE=FOLDER',
    exitCode: status.notReady,
    cause: error,
  });
}

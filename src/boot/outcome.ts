import { accessSync, constants, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { documentText } from '../documents/document.ts';
import { EulabError, isErrno, status } from '../errors.ts';
import type { Report } from '../report.ts';
import { version } from '../version.ts';
import { writeWhole } from '../whole-file.ts';
import type { Line } from './console.ts';
import { BootError, type Diagnosis } from './diagnose/diagnose.ts';
import { phases, type Span } from './watch/phase.ts';

/** How a boot went, whatever its end. Times in milliseconds since QEMU's start. */
export interface Course {
  readonly lines: readonly Line[];
  /** When the guest's agent answered; undefined when it never did. */
  readonly readyMs: number | undefined;
  readonly endMs: number;
  /** The file that has all of the console. */
  readonly log: string;
}

/** What `boot --json FILE` writes. Fields are added, never renamed. */
export interface Outcome {
  readonly schema: 1;
  readonly eulab: string;
  /** eulab's own exit status. */
  readonly status: number;
  /** Why there is no status of the command; null when there is one, or when it was not the machine's doing. */
  readonly diagnosis: Diagnosis | null;
  /** What eulab said at the end; null when it said nothing. */
  readonly error: string | null;
  readonly phases: readonly Span[];
  /** When the guest's agent answered; null when it never did. */
  readonly readyMs: number | null;
  readonly endMs: number | null;
  /** The file that has all of the console; null when QEMU never ran. */
  readonly console: string | null;
}

/** A boot's outcome from its course (undefined when QEMU never ran) and its status, or the error that ended it. Pure. */
export function outcome(course: Course | undefined, end: { readonly status: number } | { readonly error: unknown }): Outcome {
  const error = 'error' in end ? end.error : undefined;
  const known = error instanceof EulabError ? error : undefined;
  return {
    schema: 1,
    eulab: version(),
    status: 'status' in end ? end.status : (known?.exitCode ?? status.failed),
    diagnosis: error instanceof BootError ? error.diagnosis : null,
    error: error === undefined ? null : error instanceof Error ? error.message : String(error),
    phases: course === undefined ? [] : phases(course.lines, course.readyMs, course.endMs),
    readyMs: course?.readyMs ?? null,
    endMs: course?.endMs ?? null,
    console: course?.log ?? null,
  };
}

/**
 * Runs a boot and tells its outcome at its end, whether that is a status or an error: to `report`, and to `file`, whole or not at all.
 *
 * @returns what `run` does. @throws EulabError (2) when the file cannot be written after all; else as `run`.
 */
export async function recorded(
  { file, report }: { readonly file: string | undefined; readonly report: Report | undefined },
  run: (onEnd: (course: Course) => void) => Promise<number>,
): Promise<number> {
  let course: Course | undefined;
  const note = (seen: Course) => {
    course = seen;
  };
  const tell = (document: Outcome) => {
    report?.({ kind: 'outcome', outcome: document });
    if (file !== undefined) write(file, documentText('outcome', document));
  };
  let code: number;
  try {
    code = await run(note);
  } catch (error) {
    tell(outcome(course, { error }));
    throw error;
  }
  tell(outcome(course, { status: code }));
  return code;
}

/** Makes sure of the folder, and removes an earlier outcome: no boot is to pass for it. @throws EulabError (2) */
export function clearOutcome(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    rmSync(file, { force: true });
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Writes a document: whole, or not at all. @throws EulabError (2) when it cannot be written. */
export function write(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): unknown {
  if (!isErrno(error)) return error;
  return new EulabError(`--json: cannot write ${file} (${error.code})`, {
    hint: 'name a file in a folder that you may write',
    exitCode: status.usage,
    cause: error,
  });
}

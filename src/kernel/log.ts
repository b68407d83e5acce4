import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fullDisk, isFullDisk } from '../artifacts/full-disk.ts';
import { isObject, type Job } from '../container/engine.ts';
import { execute } from '../container/execute.ts';
import type { Engine } from '../container/select.ts';
import { CommandError, EulabError, status } from '../errors.ts';
import type { Report } from '../report.ts';
import type { Expected } from './expected.ts';
import { firstError, hits, isFull, type KernelBuild, objectOf } from './plan.ts';
import { unknownTarget } from './target-words.ts';

/** Where a job's output goes. */
export interface Listener {
  /** The file that gets all of it. */
  readonly log: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Runs a job of a kernel build with its output in a log and its progress told.
 *
 * @returns how many objects it made.
 * @throws EulabError with the first error of the log, when it fails.
 */
export async function logged(where: Engine, job: Job, listener: Listener & Telling): Promise<number> {
  const { log, report, signal, expected, home = (line) => line, say } = listener;
  await mkdir(dirname(log), { recursive: true });
  const objects = String(job.env['OBJ']);
  const lines: string[] = [];
  // A log has all that one call of eulab does.
  const out = createWriteStream(log, { flags: begun.has(log) ? 'a' : 'w' });
  begun.add(log);
  out.on('error', () => undefined);
  let done = 0;
  const onLine = (text: string) => {
    const line = home(text);
    lines.push(line);
    out.write(`${line}\n`);
    report({ kind: 'line', text: line });
    say?.(line);
    if (!isObject(line)) return;
    done += 1;
    const total = expected === undefined || done > expected.count ? undefined : expected.count;
    report({ kind: 'progress', done, total, about: expected?.about === true, unit: 'objects', now: objectOf(line) });
  };
  try {
    await execute(where, job, { signal, onLine, alive: objects });
    return done;
  } catch (error) {
    throw error instanceof CommandError ? await failure(error, lines, objects, listener) : error;
  } finally {
    out.end();
  }
}

const begun = new Set<string>();

/** What is told of a job beyond its log. */
interface Telling {
  /** How many objects it is to make, when that is known. */
  readonly expected?: Expected | undefined;
  /** What has failed, for the error; the build unless given. */
  readonly failed?: string;
  /** Puts the user's paths into a line where the build has others. */
  readonly home?: (line: string) => string;
  /** Shows the user each line, so that an error need not repeat them. */
  readonly say?: (line: string) => void;
}

async function failure(
  error: CommandError,
  lines: readonly string[],
  objects: string,
  listener: Listener & Telling,
): Promise<EulabError> {
  const { log, failed, say } = listener;
  const target = unknownTarget(lines);
  if (target !== undefined && failed !== undefined) {
    const hint = 'those that there are: eulab build kernel -- help';
    return new EulabError(`make knows no target ${target}`, { hint, exitCode: status.usage, cause: error });
  }
  const details = firstError(lines);
  if (isFull(details)) return fullDisk(objects, { details: details.slice(0, 2), cause: error });
  if (await isFullDisk(objects)) return fullDisk(objects, { cause: error });
  const shown = say === undefined ? details : details.slice(0, 1);
  return new EulabError(failed ?? `the kernel build failed (${error.message})`, {
    details: shown,
    hint: `the whole log: ${log}`,
    cause: error,
  });
}

/** What ccache found in this build, for the user; undefined when it was not asked. */
export async function cacheNote({ objects }: KernelBuild): Promise<string | undefined> {
  return hits(await readFile(join(objects, 'eulab.ccache'), 'utf8').catch(() => ''));
}

/** The lines between the marks that utils/kernel/build sets around what make says of targets, but for what it says of its own work. */
export function targetLines(say: (line: string) => void): (line: string) => void {
  let open = false;
  return (line) => {
    if (line === 'eulab: targets begin') open = true;
    else if (line === 'eulab: targets end') open = false;
    else if (open && !isObject(line) && !/^make(?:\[\d+\])?: (?:Entering directory|Leaving directory|\*\*\*) /.test(line))
      say(line);
  };
}

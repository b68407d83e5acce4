import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isObject, type Job } from '../container/engine.ts';
import { type Engine, execute } from '../container/select.ts';
import { CommandError, EulabError } from '../errors.ts';
import type { Report } from '../report.ts';
import { firstError, hits, isFull, type KernelBuild } from './plan.ts';

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
export async function logged(
  where: Engine,
  job: Job,
  { log, report, signal, expected }: Listener & { readonly expected?: number | undefined },
): Promise<number> {
  await mkdir(dirname(log), { recursive: true });
  const objects = String(job.env['OBJ']);
  const lines: string[] = [];
  const out = createWriteStream(log, { flags: job.env['STEP'] === 'build' ? 'a' : 'w' });
  out.on('error', () => undefined);
  let done = 0;
  const onLine = (line: string) => {
    lines.push(line);
    out.write(`${line}\n`);
    report({ kind: 'line', text: line });
    if (!isObject(line)) return;
    done += 1;
    report({ kind: 'progress', done, total: expected === undefined || done > expected ? undefined : expected, unit: 'objects' });
  };
  try {
    await execute(where, job, { signal, onLine, alive: objects });
    return done;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const details = firstError(lines);
    if (isFull(details)) {
      throw new EulabError(`no space is left on the disk of ${objects}`, {
        details: details.slice(0, 2),
        hint: 'make room: eulab clean cache',
        cause: error,
      });
    }
    throw new EulabError(`the kernel build failed (${error.message})`, { details, hint: `the whole log: ${log}`, cause: error });
  } finally {
    out.end();
  }
}

/** How many objects a build will make, as the largest one of this folder did; undefined when it is to make only what changed. */
export async function expectedObjects({ objects }: KernelBuild): Promise<number | undefined> {
  if ((await stat(join(objects, 'vmlinux')).catch(() => undefined)) !== undefined) return undefined;
  return await counted(objects);
}

/** Keeps how many objects a build made, if none made more. */
export async function keepCount({ objects }: KernelBuild, done: number): Promise<void> {
  if (done > ((await counted(objects)) ?? 0)) await writeFile(join(objects, 'eulab.objects'), String(done));
}

async function counted(objects: string): Promise<number | undefined> {
  return Number(await readFile(join(objects, 'eulab.objects'), 'utf8').catch(() => '')) || undefined;
}

/** What ccache found in this build, for the user; undefined when it was not asked. */
export async function cacheNote({ objects }: KernelBuild): Promise<string | undefined> {
  return hits(await readFile(join(objects, 'eulab.ccache'), 'utf8').catch(() => ''));
}

import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandError, EulabError } from '../errors.ts';
import { type RunOptions, run } from '../exec.ts';
import { hangsOnInput, inContainer, lifelineInside } from './call.ts';
import { strange } from './copy.ts';
import { type Copies, copies } from './elsewhere.ts';
import { checkSaid, saidStatus } from './ending.ts';
import { type Job, onHost, outliving } from './engine.ts';
import type { Toolchain } from './image.ts';
import { lifeline } from './lifeline.ts';
import { gone, silence } from './probe.ts';
import type { Contained, Engine } from './select.ts';
import { prepared, temporary } from './temporary.ts';
import type { Elsewhere } from './transfer.ts';
import { userOf } from './trial.ts';
import { mountsInBuild } from './way.ts';

/** How a job is run; with `alive`, a folder of the job's. */
type Execution = RunOptions & { readonly alive?: string };

/**
 * Runs a job to its end; what it makes lies in the folders that it has mounted. With `alive`, a folder among them, the job
 * ends with eulab, however eulab ends, and a container's engine is left to clean up.
 *
 * @throws CommandError when it fails; EulabError (3) when the engine has gone away.
 */
export async function execute(engine: Engine, job: Job, options: Execution): Promise<void> {
  if (engine.kind === 'host') return await onHostItself(engine.home, job, options);
  const { image, elsewhere } = engine;
  try {
    if (elsewhere !== undefined) await onCopies(image, elsewhere, job, options);
    else if (hangsOnInput(image.way)) await inRun(image, job, options);
    else await inBuild(engine, job, options);
  } catch (error) {
    throw await departure(engine, error, options.signal);
  }
}

async function onHostItself(home: string, job: Job, { alive, ...options }: Execution): Promise<void> {
  await using line = await lifelineIn(alive);
  await run(onHost(hanging(job, line?.path), home), line ? { ...options, cleansUp: line.cut } : options);
}

const lifelineIn = async (folder: string | undefined) => (folder === undefined ? undefined : await lifeline(folder));

function hanging(job: Job, path: string | undefined): Job {
  return path === undefined ? job : { ...job, env: { ...job.env, LIFELINE: path } };
}

/** In a build, or in a service of compose's. */
async function inBuild({ kind, image }: Contained, job: Job, { alive, ...options }: Execution): Promise<void> {
  await using line = await lifelineIn(alive);
  await using place = await temporary(image.way);
  const how = { scratch: place, idFile: place.idFile, user: userOf(image.way) };
  const command = await prepared(inContainer(hanging(job, line?.path), image, how));
  if (!mountsInBuild(image.way)) return await run(command, line ? { ...options, cleansUp: line.cut } : options);
  await run(outliving(command), { ...options, cleansUp: line?.cut ?? true });
  if (kind === 'compose') await place.made(command);
}

/** In a run, which ends with its input. */
async function inRun(
  image: Toolchain,
  job: Job,
  { alive, copies, ...options }: Execution & { readonly copies?: Copies },
): Promise<void> {
  await using place = await temporary(image.way);
  const how = { scratch: place, idFile: place.idFile, user: userOf(image.way), ...copies };
  const hung = hanging(job, alive === undefined ? undefined : lifelineInside);
  const command = await prepared(inContainer(hung, image, how));
  const said: string[] = [];
  const onLine = (line: string) => {
    if (saidStatus(line) === undefined) options.onLine?.(line);
    else said.push(line);
  };
  try {
    await run(command, { ...options, onLine, hangsOnInput: true });
  } catch (error) {
    if (error instanceof CommandError && said.length > 0) checkSaid(said.join('\n'), command);
    throw error;
  }
  checkSaid(said.join('\n'), command);
}

/** The same where the engine has copies of our folders. */
async function onCopies(image: Toolchain, elsewhere: Elsewhere, job: Job, options: Execution, again = true): Promise<void> {
  await using lent = await copies(image, job, elsewhere, options.signal);
  try {
    await inRun(image, job, { ...options, copies: lent });
  } catch (error) {
    if (!again || !(error instanceof CommandError) || error.code !== strange) throw error;
    await lent.forget();
    return await onCopies(image, elsewhere, job, options, false);
  }
  await lent.back();
}

/** An error as it is, but for one that comes of it that the engine does not answer any more. */
async function departure({ kind, image, doubt }: Contained, error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  if (!(error instanceof EulabError) || signal?.aborted === true) return error;
  if (error instanceof CommandError && isEngines(error.stderr)) doubt?.();
  const why = await silence(image.way, signal);
  return why === undefined ? error : gone(kind, why, error);
}

/** True when what was printed at last is all podman's or buildah's own: nothing has run. */
function isEngines(lines: string): boolean {
  return lines.split('\n').every((line) => /^$|^(?:STEP|-->|COMMIT|Error|error|time=|Usage)/.test(line));
}

/** The engines that write a stage's files as a tar stream. */
export type Streaming = Contained & { readonly kind: 'podman' | 'buildah' };

export function streams(engine: Engine): engine is Streaming {
  return (engine.kind === 'podman' || engine.kind === 'buildah') && engine.elsewhere === undefined;
}

/**
 * The tar stream of the files in a job's last stage, as the container engine writes it while the job's log is told.
 *
 * Through a fifo: podman writes its own lines to stdout, and stdout is the log.
 */
export async function artifacts(engine: Streaming, job: Job, options: RunOptions): Promise<Tar> {
  const { image } = engine;
  const place = await temporary(image.way);
  const fifo = join(place.folder, 'artifacts.tar');
  await run({ file: 'mkfifo', args: [fifo] }, options);
  const output = `type=tar,dest=${fifo}`;
  const how = { scratch: place, idFile: place.idFile, user: userOf(image.way), target: 'artifacts', output };
  const command = await prepared(inContainer(job, image, how));
  const ended = run(command, { ...options, cleansUp: true })
    .finally(() => release(fifo))
    .catch(async (error: unknown) => {
      throw await departure(engine, error, options.signal);
    });
  // The reader of the stream may fail first and never come to await this.
  ended.catch(() => undefined);
  return { stream: createReadStream(fifo), ended, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

/** A reader that still waits for somebody to open the fifo gets its end of file. */
async function release(fifo: string): Promise<void> {
  const handle = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
  await handle?.close();
}

/** A tar stream with the build behind it; `ended` settles as the build does. Disposing it removes the build's image. */
export interface Tar extends AsyncDisposable {
  readonly stream: Readable;
  readonly ended: Promise<void>;
}

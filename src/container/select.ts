import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ContainerKind, EngineName } from '../engine-names.ts';
import { locate, missing, type RunOptions, run } from '../exec.ts';
import type { Report } from '../report.ts';
import { inContainer } from './call.ts';
import { type Job, onHost, outliving } from './engine.ts';
import { type Toolchain, toolchain } from './image.ts';
import { lifeline } from './lifeline.ts';
import { type Found, tried, unusable } from './probe.ts';
import { prepared, temporary } from './temporary.ts';
import { userId } from './trial.ts';
import { mountsInBuild } from './way.ts';

/** Where builds run: in an engine's containers, or with the host's own toolchain. */
export type Engine =
  | { readonly kind: 'host'; readonly home: string }
  | { readonly kind: ContainerKind; readonly image: Toolchain; readonly facts: string };

/** The image that an engine's toolchain was made from; undefined for the host. Pure. */
export function baseOf(where: Engine): Toolchain['base'] | undefined {
  return where.kind === 'host' ? undefined : where.image.base;
}

/** What the user asked for, and what the engine needs to be found. */
export interface EngineRequest {
  readonly wanted: EngineName;
  readonly home: string;
  readonly dockerfile: string;
  /** Programs that the build calls, looked for on the host before it is built there. */
  readonly tools: readonly string[];
  /** Lists in utils/toolchain with the packages of what an image does not have anyway. */
  readonly lists: readonly string[];
  readonly baseImage: string | undefined;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The engines that `auto` tries; compose is another name for two of them. */
const automatic = ['podman', 'docker', 'buildah'] as const;

/** An engine that works; `not` says why not the ones before it. */
interface Chosen {
  readonly kind: ContainerKind;
  readonly found: Extract<Found, { works: true }>;
  readonly not: readonly string[];
}

/**
 * The engine of that name, or with `auto` the first that works; what does not, in words, when none does.
 *
 * @throws EulabError (3) when the one that was asked for does not work.
 */
export async function choose(wanted: ContainerKind | 'auto', signal: AbortSignal): Promise<Chosen | readonly string[]> {
  const not: string[] = [];
  for (const kind of wanted === 'auto' ? automatic : [wanted]) {
    const found = await tried(kind, signal);
    if (found.works) return { kind, found, not };
    if (wanted !== 'auto') throw unusable(kind, found.why);
    not.push(`${kind} does not work: ${found.why}`);
  }
  return not;
}

/**
 * The engine to build with; `auto` takes the first that works, and says which, and why not the others.
 *
 * @throws EulabError (3) when the one that was asked for does not work.
 */
export async function engine(request: EngineRequest): Promise<Engine> {
  const { wanted, report, signal } = request;
  if (wanted === 'host') return host(request);
  const chosen = await choose(wanted, signal);
  if (!('kind' in chosen)) {
    report({ kind: 'note', text: `building with this machine's own tools, because ${chosen.join('; ')}` });
    return host(request);
  }
  const { kind, found, not } = chosen;
  if (wanted === 'auto') report({ kind: 'note', text: [`building with ${found.facts}`, ...not].join('; ') });
  return await container(kind, found, request);
}

async function container(kind: ContainerKind, found: Extract<Found, { works: true }>, request: EngineRequest): Promise<Engine> {
  const { way, facts, note } = found;
  if (note !== undefined) request.report({ kind: 'note', text: note });
  return { kind, facts, image: await toolchain({ ...request, base: request.baseImage, way }) };
}

/** @throws EulabError (3) that names every program that is missing. */
function host({ home, tools }: EngineRequest): Engine {
  const [first, ...others] = tools.filter((tool) => locate(tool) === undefined);
  if (first !== undefined) throw missing(first, ...others);
  return { kind: 'host', home };
}

/**
 * Runs a job to its end; what it makes lies in the folders that it has mounted. With `alive`, a folder among them, the job
 * ends with eulab, however eulab ends, and a container's engine is left to clean up.
 *
 * @throws CommandError when it fails.
 */
export async function execute(
  engine: Engine,
  job: Job,
  { alive, ...options }: RunOptions & { readonly alive?: string },
): Promise<void> {
  await using line = alive === undefined ? undefined : await lifeline(alive);
  const hanging = line === undefined ? job : { ...job, env: { ...job.env, LIFELINE: line.path } };
  if (engine.kind === 'host') return await run(onHost(hanging, engine.home), line ? { ...options, cleansUp: line.cut } : options);
  const { image } = engine;
  await using place = await temporary(image.way);
  const command = await prepared(inContainer(hanging, image, { scratch: place, idFile: place.idFile, user: userId() }));
  if (!mountsInBuild(image.way)) return await run(command, line ? { ...options, cleansUp: line.cut } : options);
  await run(outliving(command), { ...options, cleansUp: line?.cut ?? true });
  if (engine.kind === 'compose') await place.made(command);
}

/** The engines that write a stage's files as a tar stream. */
export type Streaming = Extract<Engine, { readonly image: Toolchain }> & { readonly kind: 'podman' | 'buildah' };

export function streams(engine: Engine): engine is Streaming {
  return engine.kind === 'podman' || engine.kind === 'buildah';
}

/**
 * The tar stream of the files in a job's last stage, as the container engine writes it while the job's log is told.
 *
 * Through a fifo: podman writes its own lines to stdout, and stdout is the log.
 */
export async function artifacts({ image }: Streaming, job: Job, options: RunOptions): Promise<Tar> {
  const place = await temporary(image.way);
  const fifo = join(place.folder, 'artifacts.tar');
  await run({ file: 'mkfifo', args: [fifo] }, options);
  const output = `type=tar,dest=${fifo}`;
  const how = { scratch: place, idFile: place.idFile, user: userId(), target: 'artifacts', output };
  const command = await prepared(inContainer(job, image, how));
  const ended = run(command, { ...options, cleansUp: true }).finally(() => release(fifo));
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

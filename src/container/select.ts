import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { locate, missing, type RunOptions, run } from '../exec.ts';
import type { Report } from '../report.ts';
import { type Image, inPodman, type Job, onHost, outliving } from './engine.ts';
import { toolchain } from './image.ts';
import { lifeline } from './lifeline.ts';
import { podmanWorks } from './probe.ts';
import { temporaryImage } from './temporary.ts';

/** Where builds run: in podman's containers, or with the host's own toolchain. */
export type Engine = { readonly kind: 'host'; readonly home: string } | { readonly kind: 'podman'; readonly image: Image };

/** What the user asked for, and what the engine needs to be found. */
export interface EngineRequest {
  readonly wanted: 'auto' | 'podman' | 'host';
  readonly home: string;
  readonly dockerfile: string;
  /** Programs that the build calls, looked for on the host before it is built there. */
  readonly tools: readonly string[];
  readonly baseImage: string | undefined;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The engine to build with; `auto` takes podman where it works and says why when it does not. */
export async function engine(request: EngineRequest): Promise<Engine> {
  const { wanted, report, signal } = request;
  if (wanted === 'host') return host(request);
  if (wanted === 'auto') {
    const podman = await podmanWorks(signal);
    if (!podman.works) {
      report({ kind: 'note', text: `building with this machine's own tools, because podman does not work: ${podman.why}` });
      return host(request);
    }
  }
  return { kind: 'podman', image: await toolchain({ ...request, base: request.baseImage }) };
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
  await using image = await temporaryImage();
  const command = inPodman(hanging, engine.image, { target: 'build', idFile: image.idFile });
  await run(outliving(command), { ...options, cleansUp: line?.cut ?? true });
}

/**
 * The tar stream of the files in a job's last stage, as the container engine writes it while the job's log is told.
 *
 * Through a fifo: podman writes its own lines to stdout, and stdout is the log.
 */
export async function artifacts(engine: Extract<Engine, { kind: 'podman' }>, job: Job, options: RunOptions): Promise<Tar> {
  const image = await temporaryImage();
  const fifo = join(image.folder, 'artifacts.tar');
  await run({ file: 'mkfifo', args: [fifo] }, options);
  const command = inPodman(job, engine.image, { target: 'artifacts', idFile: image.idFile, output: `type=tar,dest=${fifo}` });
  const ended = run(command, { ...options, cleansUp: true }).finally(() => release(fifo));
  // The reader of the stream may fail first and never come to await this.
  ended.catch(() => undefined);
  return { stream: createReadStream(fifo), ended, [Symbol.asyncDispose]: () => image[Symbol.asyncDispose]() };
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

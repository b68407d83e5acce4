import { join } from 'node:path';
import type { ContainerKind, EngineName } from '../engine-names.ts';
import { locate, missing } from '../exec.ts';
import type { Report } from '../report.ts';
import { sweep } from './elsewhere.ts';
import { type Toolchain, toolchain } from './image.ts';
import { tried, unusable } from './probe.ts';
import type { Elsewhere } from './transfer.ts';
import { type Verdict, verdict } from './verdict.ts';
import { isElsewhere } from './way.ts';

/** Where builds run: in an engine's containers, or with the host's own toolchain. */
export type Engine =
  | { readonly kind: 'host'; readonly home: string }
  | {
      readonly kind: ContainerKind;
      readonly image: Toolchain;
      readonly facts: string;
      /** Where it is when it sees none of our folders. */
      readonly elsewhere?: Elsewhere;
      /** Has it be tried anew the next time. */
      readonly doubt?: () => void;
    };

/** An engine with containers. */
export type Contained = Extract<Engine, { readonly image: Toolchain }>;

/** The image that an engine's toolchain was made from; undefined for the host. Pure. */
export function baseOf(where: Engine): Toolchain['base'] | undefined {
  return where.kind === 'host' ? undefined : where.image.base;
}

/** What the user asked for, and what the engine needs to be found. */
export interface EngineRequest {
  readonly wanted: EngineName;
  readonly home: string;
  /** The folder below which builds work. */
  readonly cache: string;
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

type Working = Extract<Verdict, { works: true }>;

/** An engine that works; `not` says why not the ones before it. */
interface Chosen {
  readonly kind: ContainerKind;
  readonly found: Working;
  readonly not: readonly string[];
}

/**
 * The engine of that name, or with `auto` the first that works; what does not, in words, when none does. `folder` is one in which
 * builds work. It is tried anew, unless `look` knows better.
 *
 * @throws EulabError (3) when the one that was asked for does not work.
 */
export async function choose(
  wanted: ContainerKind | 'auto',
  folder: string,
  signal: AbortSignal,
  look: typeof verdict = tried,
): Promise<Chosen | readonly string[]> {
  const not: string[] = [];
  for (const kind of wanted === 'auto' ? automatic : [wanted]) {
    const found = await look(kind, folder, signal);
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
  const { wanted, cache, report, signal } = request;
  if (wanted === 'host') return host(request);
  const chosen = await choose(wanted, cache, signal, verdict);
  if (!('kind' in chosen)) {
    report({ kind: 'note', text: `building with this machine's own tools, because ${chosen.join('; ')}` });
    return host(request);
  }
  const { kind, found, not } = chosen;
  if (wanted === 'auto') report({ kind: 'note', text: [`building with ${found.facts}`, ...not].join('; ') });
  return await container(kind, found, request);
}

async function container(kind: ContainerKind, found: Working, request: EngineRequest): Promise<Engine> {
  const { way, facts, note, address, doubt } = found;
  const { cache, report, signal } = request;
  if (note !== undefined) report({ kind: 'note', text: note });
  const image = await toolchain({ ...request, base: request.baseImage, way });
  if (!isElsewhere(way)) return { kind, facts, image, ...(doubt === undefined ? {} : { doubt }) };
  await sweep(way, signal);
  return { kind, facts, image, elsewhere: { address: address ?? 'the engine', lists: join(cache, 'copies'), report } };
}

/** @throws EulabError (3) that names every program that is missing. */
function host({ home, tools }: EngineRequest): Engine {
  const [first, ...others] = tools.filter((tool) => locate(tool) === undefined);
  if (first !== undefined) throw missing(first, ...others);
  return { kind: 'host', home };
}

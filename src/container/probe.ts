import { accessSync, constants, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { ContainerKind } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { locate, type Outcome, probe } from '../exec.ts';
import { trial } from './trial.ts';
import { type BuilderWay, type ComposeWay, type DockerWay, isElsewhere, shownWay, storeOf, type Way } from './way.ts';

/** What is known of an engine once it was tried. */
export type Found =
  | {
      readonly works: true;
      readonly way: Way;
      /** "podman 4.3.1, rootless". */
      readonly facts: string;
      /** Where it is, when that is not its usual place on this host. */
      readonly address?: string;
      /** Why it is not the way that would have been taken first. */
      readonly note?: string;
    }
  | { readonly works: false; readonly why: string };

/** How long an engine may take to answer. */
const answerMs = 15_000;

/**
 * Whether an engine works here, and how; found by having it do what a build does. `folder` is one in which builds work: the
 * engine has to see it, or gets copies.
 */
export async function tried(kind: ContainerKind, folder: string, signal: AbortSignal): Promise<Found> {
  const place = nearest(folder);
  if (kind === 'compose') return await compose(place, signal);
  const known = await about[kind](signal);
  return await firstOf(known, waysOf(kind, known), place, signal);
}

/** The folder, or the one above it that is there: an engine sees both or none. */
function nearest(folder: string): string {
  for (let place = folder; place !== dirname(place); place = dirname(place)) {
    if (existsSync(place)) return isWritable(place) ? place : tmpdir();
  }
  return tmpdir();
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What an engine says of itself, or why it says nothing. */
type About = Said | { readonly why: string };

interface Said {
  readonly facts: string;
  readonly address?: string;
  /** It is asked by a client that cannot have it see our folders. */
  readonly service?: boolean;
  readonly rootless?: boolean;
}

const about: Readonly<Record<'podman' | 'buildah' | 'docker', (signal: AbortSignal) => Promise<About>>> = {
  podman: (signal) =>
    asked('podman', ['info', '--format', podmanFacts], signal, (text) => {
      const [version, rootless, service, socket = ''] = text.split(' ');
      const facts = `podman ${version}${rootless === 'true' ? ', rootless' : ''}`;
      return service === 'true' ? { facts, address: process.env['CONTAINER_HOST'] ?? socket, service: true } : { facts };
    }),
  buildah: (signal) =>
    asked('buildah', ['info'], signal, (text) => {
      const { host } = JSON.parse(text) as { readonly host?: { readonly rootless?: boolean } };
      return { facts: `buildah${host?.rootless === true ? ', rootless' : ''}` };
    }),
  docker: async (signal) => {
    // Of a daemon that is not there, `docker info` says nothing with a format.
    const server = await asked('docker', ['version', '--format', '{{json .Server.Components}}'], signal, (facts) => ({ facts }));
    if ('why' in server) return server;
    const place = await asked('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], signal, (address) =>
      address === '' || address === 'unix:///var/run/docker.sock' ? { facts: '' } : { facts: '', address },
    );
    return await asked('docker', ['info', '--format', '{{.ServerVersion}} {{json .SecurityOptions}}'], signal, (text) => {
      const rootless = text.includes('rootless');
      const version = `${text.split(' ')[0]}${rootless ? ', rootless' : ''}`;
      // podman answers docker's client as well.
      const facts = server.facts.includes('"Podman Engine"') ? `podman ${version}, by docker's client` : `docker ${version}`;
      return { ...('why' in place ? {} : place), facts, rootless };
    });
  },
};

const podmanFacts = '{{.Version.Version}} {{.Host.Security.Rootless}} {{.Host.ServiceIsRemote}} {{.Host.RemoteSocket.Path}}';

async function asked(file: string, args: readonly string[], signal: AbortSignal, said: (text: string) => Said): Promise<About> {
  if (locate(file) === undefined) return { why: 'it is not installed' };
  const outcome = await probe({ file, args }, { signal, timeoutMs: answerMs });
  signal.throwIfAborted();
  if (outcome.code !== 0) return { why: lastLine(outcome) };
  return said(outcome.stdout.trim());
}

/** Why an engine that worked does not answer any more; undefined for one that does, and one that has nobody to ask. */
export async function silence(way: Way, signal: AbortSignal | undefined): Promise<string | undefined> {
  const { kind, elsewhere } = storeOf(way);
  if (kind !== 'docker' && elsewhere !== true) return undefined;
  const found = await about[kind](signal ?? new AbortController().signal);
  return 'why' in found ? found.why : undefined;
}

/** The ways of an engine, in the order in which they are tried. */
function waysOf(kind: 'podman' | 'buildah' | 'docker', known: About): readonly (BuilderWay | DockerWay)[] {
  const { service, rootless }: Partial<Said> = 'why' in known ? {} : known;
  if (kind !== 'docker') {
    if (service === true) return [{ kind, isolation: 'oci', elsewhere: true }];
    return (['oci', 'chroot'] as const).map((isolation) => ({ kind, isolation }));
  }
  return (['default', 'legacy'] as const).flatMap((builder) =>
    (['host', 'default'] as const).map((network) => ({ kind, network, builder, ...(rootless === true ? { rootless } : {}) })),
  );
}

async function firstOf(known: About, ways: readonly Way[], folder: string, signal: AbortSignal): Promise<Found> {
  if ('why' in known) return { works: false, why: known.why };
  let why: string | undefined;
  // On a busy host an engine was seen to fail at one moment and to work at the next.
  for (const way of [...ways, ...ways]) {
    const found = await trial(way, folder, signal);
    if (found.works) {
      const { address } = known;
      const there = address === undefined ? '' : isElsewhere(found.way) ? `, elsewhere: ${address}` : `, at ${address}`;
      const facts = `${known.facts}${way.kind === 'docker' && !known.facts.startsWith('podman') ? builder(found.said) : ''}${there}`;
      const note = why === undefined ? undefined : noteOf(found.way, why);
      return {
        works: true,
        way: found.way,
        facts,
        ...(address === undefined ? {} : { address }),
        ...(note === undefined ? {} : { note }),
      };
    }
    why ??= found.why;
  }
  return { works: false, why: `it cannot run anything: ${why}` };
}

/** BuildKit numbers what it does. */
function builder(said: string): string {
  return /^#1 /m.test(said) ? ', with BuildKit' : ', with the legacy builder';
}

function noteOf(way: Way, why: string): string {
  return way.kind === 'podman' || way.kind === 'buildah'
    ? `${way.kind} builds in a chroot, because its runtime fails here: ${why}`
    : `building with ${shownWay(way)}, because otherwise: ${why}`;
}

/** The compose tools, each with the engine that it drives. */
const composeTools: readonly (readonly [tool: ComposeWay['tool'], over: 'docker' | 'podman'])[] = [
  [['docker', 'compose'], 'docker'],
  [['docker-compose'], 'docker'],
  [['podman-compose'], 'podman'],
];

async function compose(folder: string, signal: AbortSignal): Promise<Found> {
  const not: string[] = [];
  for (const [tool, over] of composeTools) {
    const [file, ...args] = tool;
    const version = await asked(file, [...args, 'version'], signal, (text) => ({
      facts: text.split('\n').find((line) => /compos/i.test(line)) ?? '',
    }));
    if ('why' in version) {
      not.push(`${tool.join(' ')}: ${version.why}`);
      continue;
    }
    const engine = await tried(over, folder, signal);
    if (!engine.works) {
      not.push(`${tool.join(' ')}: ${over}: ${engine.why}`);
      continue;
    }
    if (isElsewhere(engine.way)) {
      not.push(
        `${tool.join(' ')}: ${over} sees no folders of this machine (${engine.address ?? 'elsewhere'}); --engine ${over} sends them`,
      );
      continue;
    }
    const way: ComposeWay = { kind: 'compose', tool, over: engine.way as BuilderWay | DockerWay };
    const found = await firstOf({ facts: `${tool.join(' ')}, on ${engine.facts}` }, [way], folder, signal);
    if (found.works) return { ...found, ...(engine.note === undefined ? {} : { note: engine.note }) };
    not.push(`${tool.join(' ')}: ${found.why}`);
  }
  return { works: false, why: not.join('; ') };
}

/** The error for an engine that was asked for and does not work. */
export function unusable(kind: ContainerKind, why: string): EulabError {
  return new EulabError(`${kind} does not work here: ${why}`, {
    hint: 'see what does: eulab image engines; or build with the tools of this machine: --engine host',
    check: kind,
    exitCode: status.notReady,
  });
}

/** The error for an engine that worked when the work began. */
export function gone(kind: ContainerKind, why: string, cause: unknown): EulabError {
  return new EulabError(`${kind} went away in the middle of the work: ${why}`, {
    hint: 'start it, and call this again: what was done is kept',
    exitCode: status.notReady,
    cause,
  });
}

function lastLine({ stdout, stderr, timedOut }: Outcome): string {
  if (timedOut) return `it does not answer within ${answerMs / 1000} s`;
  return `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
}

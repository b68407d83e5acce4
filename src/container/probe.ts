import type { ContainerKind } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { locate, type Outcome, probe } from '../exec.ts';
import { trial } from './trial.ts';
import { type BuilderWay, type ComposeWay, type DockerWay, shownWay, type Way } from './way.ts';

/** What is known of an engine once it was tried. */
export type Found =
  | {
      readonly works: true;
      readonly way: Way;
      /** "podman 4.3.1, rootless". */
      readonly facts: string;
      /** Why it is not the way that would have been taken first. */
      readonly note?: string;
    }
  | { readonly works: false; readonly why: string };

/** How long an engine may take to answer. */
const answerMs = 15_000;

/** Whether an engine works here, and how; found by having it do what a build does. */
export async function tried(kind: ContainerKind, signal: AbortSignal): Promise<Found> {
  switch (kind) {
    case 'podman':
    case 'buildah':
    case 'docker':
      return await firstOf(await about[kind](signal), waysOf(kind), signal);
    case 'compose':
      return await compose(signal);
  }
}

/** What an engine says of itself, or why it says nothing. */
type About = { readonly facts: string } | { readonly why: string };

const about: Readonly<Record<'podman' | 'buildah' | 'docker', (signal: AbortSignal) => Promise<About>>> = {
  podman: (signal) =>
    asked('podman', ['info', '--format', '{{.Version.Version}} {{.Host.Security.Rootless}}'], signal, (text) => {
      const [version, rootless] = text.split(' ');
      return `podman ${version}${rootless === 'true' ? ', rootless' : ''}`;
    }),
  buildah: (signal) =>
    asked('buildah', ['info'], signal, (text) => {
      const { host } = JSON.parse(text) as { readonly host?: { readonly rootless?: boolean } };
      return `buildah${host?.rootless === true ? ', rootless' : ''}`;
    }),
  docker: (signal) =>
    asked('docker', ['info', '--format', '{{.ServerVersion}} {{json .SecurityOptions}}'], signal, (text) => {
      return `docker ${text.split(' ')[0]}${text.includes('rootless') ? ', rootless' : ''}`;
    }),
};

async function asked(file: string, args: readonly string[], signal: AbortSignal, said: (text: string) => string): Promise<About> {
  if (locate(file) === undefined) return { why: 'it is not installed' };
  const outcome = await probe({ file, args }, { signal, timeoutMs: answerMs });
  signal.throwIfAborted();
  if (outcome.code !== 0) return { why: lastLine(outcome) };
  return { facts: said(outcome.stdout.trim()) };
}

/** The ways of an engine, in the order in which they are tried. */
function waysOf(kind: 'podman' | 'buildah' | 'docker'): readonly (BuilderWay | DockerWay)[] {
  if (kind !== 'docker') return (['oci', 'chroot'] as const).map((isolation) => ({ kind, isolation }));
  return (['default', 'legacy'] as const).flatMap((builder) =>
    (['host', 'default'] as const).map((network) => ({ kind, network, builder })),
  );
}

async function firstOf(known: About, ways: readonly Way[], signal: AbortSignal): Promise<Found> {
  if ('why' in known) return { works: false, why: known.why };
  let why: string | undefined;
  // On a busy host an engine was seen to fail at one moment and to work at the next.
  for (const way of [...ways, ...ways]) {
    const found = await trial(way, signal);
    if (found.works) {
      const facts = `${known.facts}${way.kind === 'docker' ? builder(found.said) : ''}`;
      return { works: true, way, facts, ...(why === undefined ? {} : { note: noteOf(way, why) }) };
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

async function compose(signal: AbortSignal): Promise<Found> {
  const not: string[] = [];
  for (const [tool, over] of composeTools) {
    const [file, ...args] = tool;
    const version = await asked(
      file,
      [...args, 'version'],
      signal,
      (text) => text.split('\n').find((line) => /compos/i.test(line)) ?? '',
    );
    if ('why' in version) {
      not.push(`${tool.join(' ')}: ${version.why}`);
      continue;
    }
    const engine = await tried(over, signal);
    if (!engine.works) {
      not.push(`${tool.join(' ')}: ${over}: ${engine.why}`);
      continue;
    }
    const way: ComposeWay = { kind: 'compose', tool, over: engine.way as BuilderWay | DockerWay };
    const found = await firstOf({ facts: `${tool.join(' ')}, on ${engine.facts}` }, [way], signal);
    if (found.works) return { ...found, ...(engine.note === undefined ? {} : { note: engine.note }) };
    not.push(`${tool.join(' ')}: ${found.why}`);
  }
  return { works: false, why: not.join('; ') };
}

/** The error for an engine that was asked for and does not work. */
export function unusable(kind: ContainerKind, why: string): EulabError {
  return new EulabError(`${kind} does not work here: ${why}`, {
    hint: 'see what does: eulab image engines; or build with the tools of this machine: --engine host',
    check: kind === 'podman' ? 'podman' : undefined,
    exitCode: status.notReady,
  });
}

function lastLine({ stdout, stderr, timedOut }: Outcome): string {
  if (timedOut) return `it does not answer within ${answerMs / 1000} s`;
  return `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
}

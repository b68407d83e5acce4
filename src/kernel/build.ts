import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markCache } from '../artifacts/cache.ts';
import { lock } from '../artifacts/lock.ts';
import { lockName, type Manifest } from '../artifacts/manifest.ts';
import { current, stage } from '../artifacts/store.ts';
import { onHost } from '../container/engine.ts';
import type { BuildRequest } from '../container/request.ts';
import { type Engine, engine } from '../container/select.ts';
import { EulabError } from '../errors.ts';
import { run } from '../exec.ts';
import { kernelSource } from '../source/kernel.ts';
import type { Sites, Source } from '../source/source.ts';
import { parseSource } from '../source/spec.ts';
import type { Workspace } from '../workspace.ts';
import { type Fragment, merge, parse, render, setting } from './fragment.ts';
import { explainLost } from './kconfig.ts';
import { cacheNote, expectedObjects, keepCount, logged } from './log.ts';
import { checkClean, forget, isCollected, isConfigured, keepCollected, keepConfigured, tools } from './objects.ts';
import { jobs, type KernelBuild } from './plan.ts';
import { type Profile, profile } from './profile.ts';
import { lost } from './requested.ts';

/** A kernel as the user asked for it. */
export interface KernelRequest extends BuildRequest {
  readonly source: string;
  /** Where the source is fetched from, where it is not the usual site. */
  readonly sites: Partial<Sites>;
  readonly profile: string;
  /** Config fragments of the user's, merged over the profile's in order. */
  readonly fragments: readonly string[];
  /** `CONFIG_X=y` settings, merged last. */
  readonly set: readonly string[];
  readonly lenient: boolean;
}

/**
 * Builds the kernel into artifacts/, unless the one there was made from the same request.
 *
 * @returns its manifest, and whether anything was built.
 * @throws EulabError when the source, the config, an engine or the compiler fails; artifacts/ is then as it was.
 */
export async function buildKernel(request: KernelRequest): Promise<{ readonly manifest: Manifest; readonly built: boolean }> {
  const { workspace, report, signal } = request;
  const { artifacts, cache } = workspace;
  const spec = parseSource(request.source);
  const chosen = profile(request.profile);
  const asked = await askedFor(request, chosen);
  const own = await scripts(workspace);
  const key = requestKey(request, asked, own);

  await markCache(cache);
  await using _lock = await lock(join(artifacts, lockName('kernel')), request.command, { signal, report });
  // What lies in a developer's folder may have changed: make itself finds out, and fast.
  if (!request.force && spec.kind !== 'folder') {
    const found = await current(artifacts, 'kernel', key);
    if (found.state === 'current') return { manifest: found.manifest, built: false };
  }

  const where = await engine({
    ...request,
    wanted: request.engine,
    home: workspace.home,
    dockerfile: 'Dockerfile.kernel',
    tools: [...programs, ...(asked.all.get('KERNEL_LZ4') === 'y' ? ['lz4'] : [])],
  });
  const source = await kernelSource(spec, { sites: request.sites, cache, signal, report });
  if (spec.kind === 'folder') await checkClean(source.folder);
  const build: KernelBuild = {
    source: source.folder,
    objects: join(cache, 'obj', `${sourceName(source)}-${chosen.name}`),
    ccache: join(cache, 'ccache'),
    profile: chosen,
    fragment: join(cache, 'obj', `${sourceName(source)}-${chosen.name}`, 'eulab.config'),
    jobs: request.jobs,
    epoch: request.epoch,
  };
  for (const folder of [build.objects, build.ccache]) await mkdir(folder, { recursive: true });
  await using _objects = await lock(`${build.objects}.lock`, request.command, { signal, report });
  if (request.force) await forget(build);
  await make(build, { source, asked, where, scripts: own, request });
  const found = await current(artifacts, 'kernel', key);
  if (found.state === 'current' && (await isCollected(build, key))) return { manifest: found.manifest, built: false };
  await using staging = await stage(artifacts, 'kernel');
  await run(onHost(jobs({ ...build, out: staging.folder }).collect, workspace.home), { signal });
  const facts = { ...inputs(source, chosen, where), ...(await tools(build)) };
  const manifest = await staging.commit({ key, inputs: facts, command: request.command });
  await keepCollected(build, key);
  return { manifest, built: true };
}

/** What is made, of what, and where. */
interface Making {
  readonly source: Source;
  readonly asked: Asked;
  readonly where: Engine;
  readonly scripts: string;
  readonly request: KernelRequest;
}

/** Brings the object folder up to date: its config, unless it is the one that is wanted, and what make finds to be done. */
async function make(build: KernelBuild, { source, asked, where, scripts, request }: Making): Promise<void> {
  const { report, signal, workspace } = request;
  const listener = { log: join(workspace.cache, 'logs', 'kernel-build.log'), report, signal };
  const { configure, compile } = jobs(build);
  const name = `Linux ${source.version} (${build.profile.name})`;
  const image = where.kind === 'host' ? '' : where.image.name;
  const key = digest(build.profile.base, render(asked.all), scripts, image);
  const expected = await expectedObjects(build);
  if (!(await isConfigured(build, key))) {
    await writeFile(build.fragment, render(asked.all));
    report({ kind: 'step', text: `configuring ${name}` });
    await logged(where, configure, listener);
    await checkConfig(build, asked, request);
    await keepConfigured(build, key);
  }
  report({ kind: 'step', text: `compiling ${name}` });
  await keepCount(build, await logged(where, compile, { ...listener, expected }));
  const found = await cacheNote(build);
  if (found !== undefined) report({ kind: 'note', text: found });
}

/** What kbuild calls, beyond what every system has. */
const programs = ['gcc', 'make', 'flex', 'bison', 'bc', 'perl'];

/** What the profile asks for, what the user asks for, and both. */
interface Asked {
  readonly user: Fragment;
  readonly all: Fragment;
}

async function askedFor(request: KernelRequest, chosen: Profile): Promise<Asked> {
  const ours = chosen.fragments.map((name) => join(request.workspace.utils, 'kernel', name));
  const theirs = await Promise.all(request.fragments.map(readFragment));
  const user = merge(...theirs, new Map(request.set.map(setting)));
  return { user, all: merge(...(await Promise.all(ours.map(readFragment))), user) };
}

async function readFragment(file: string): Promise<Fragment> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new EulabError(`cannot read the config fragment ${file}: ${error.code ?? error.message}`, {
      exitCode: 2,
      cause: error,
    });
  });
  return parse(text, file);
}

/** The build's own scripts: a change of theirs is a change of the kernel. */
async function scripts({ home, utils }: Workspace): Promise<string> {
  const files = [join(home, 'Dockerfile.kernel'), join(utils, 'kernel/build'), join(utils, 'toolchain/packages')];
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\0');
}

function requestKey(request: KernelRequest, asked: Asked, scripts: string): string {
  const { source, sites, profile, engine, baseImage, epoch } = request;
  const parts = [source, JSON.stringify(sites), profile, engine, baseImage ?? '', String(epoch), render(asked.all), scripts];
  return digest(...parts);
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex');
}

/** A name for the source's object folder: its version and what tells two sources of one version apart. */
function sourceName(source: Source): string {
  const identity = digest(source.digest ?? source.folder).slice(0, 12);
  return `linux-${source.version}-${identity}`;
}

/** Tells what was asked for and did not stick, before an hour is spent on a kernel without it. */
async function checkConfig(build: KernelBuild, asked: Asked, { report, lenient }: KernelRequest): Promise<void> {
  const got = parse(await readFile(join(build.objects, '.config'), 'utf8'), '.config');
  const vanished = lost(asked.all, got);
  if (vanished.length === 0) return;
  const lines = new Map((await explainLost(build.source, vanished, got)).map((line) => [line.symbol, line.text]));
  const theirs = vanished.filter(({ symbol }) => asked.user.has(symbol));
  for (const { symbol } of vanished) {
    if (lenient || !asked.user.has(symbol)) report({ kind: 'warning', text: lines.get(symbol) ?? symbol });
  }
  if (lenient || theirs.length === 0) return;
  throw new EulabError(`${theirs.length === 1 ? 'a config symbol' : `${theirs.length} config symbols`} did not stick`, {
    details: theirs.map(({ symbol }) => lines.get(symbol) ?? symbol),
    hint: 'set what it depends on as well, with --set; or build without it: --lenient',
  });
}

function inputs(source: Source, chosen: Profile, where: Engine): Record<string, string> {
  return {
    source: source.origin,
    version: source.version,
    folder: source.folder,
    digest: source.digest ?? '',
    verified: source.verified,
    profile: chosen.name,
    engine: where.kind,
    image: where.kind === 'host' ? '' : where.image.name,
  };
}

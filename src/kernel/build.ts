import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { architectures, variant } from '../architectures.ts';
import { markCache } from '../artifacts/cache.ts';
import { fullDisk } from '../artifacts/full-disk.ts';
import { kernelFolder } from '../artifacts/kernel-names.ts';
import { kernelOfKey, useKernel } from '../artifacts/kernels.ts';
import { lock } from '../artifacts/lock.ts';
import { type FileRecord, lockName, type Manifest } from '../artifacts/manifest.ts';
import { programsOf, provenanceName, renderProvenance } from '../artifacts/provenance.ts';
import { current, stage } from '../artifacts/store.ts';
import { onHost } from '../container/engine.ts';
import { listsFor } from '../container/packages.ts';
import { type Engine, engine } from '../container/select.ts';
import { digest } from '../digest.ts';
import { CommandError, EulabError } from '../errors.ts';
import { run } from '../exec.ts';
import type { Report } from '../report.ts';
import { folderHash } from '../source/folder-hash.ts';
import { kernelSource } from '../source/kernel.ts';
import type { Source } from '../source/source.ts';
import type { Workspace } from '../workspace.ts';
import { expectedObjects, keepCount } from './expected.ts';
import { parse, render } from './fragment.ts';
import { explainLost } from './kconfig.ts';
import { cacheNote, type Listener, logged } from './log.ts';
import { checkClean, forget, isCollected, isConfigured, keepCollected, keepConfigured, tools } from './objects.ts';
import { jobs, type KernelBuild } from './plan.ts';
import { kernelRecipe } from './recipe.ts';
import { lost } from './requested.ts';
import { untouched } from './untouched.ts';
import { type Asked, type KernelRequest, nameFor, type Wish, wishOf } from './wish.ts';

/**
 * Builds the kernel, unless there is one that was made from the same request, and puts it in use: into artifacts/. It is kept
 * there beside those of other names, in kernels/NAME.
 *
 * @returns its manifest, and whether anything was built.
 * @throws EulabError when the source, the config, an engine or the compiler fails; artifacts/ is then as it was.
 */
export async function buildKernel(request: KernelRequest): Promise<{ readonly manifest: Manifest; readonly built: boolean }> {
  const { workspace, report, signal } = request;
  const { artifacts, cache } = workspace;
  const wish = await wishOf(request);

  await markCache(cache);
  await using _lock = await lock(join(artifacts, lockName('kernel')), request.command, { signal, report });
  // What lies in a developer's folder may have changed: make itself finds out, and fast.
  if (!request.force && wish.spec.kind !== 'folder') {
    const found = await kernelOfKey(artifacts, wish.key, request);
    if (found !== undefined) return { manifest: await useKernel(artifacts, found), built: false };
  }

  const tree = await untouched(request, wish, (source) => objectFolder(source, { ...request, profile: wish.profile }));
  if (tree?.name !== undefined) return { manifest: await useKernel(artifacts, tree.name), built: false };

  const making = await prepare(request, wish);
  const { build, source, where } = making;
  await using _objects = await lock(`${build.objects}.lock`, request.command, { signal, report });
  if (request.force) await forget(build);
  const hashing = hashOf(making, cache);
  await make(making, hashing.begin);
  const name = nameFor(request, build.profile, source.version);
  const folder = kernelFolder(artifacts, name);
  const product = `${name} ${wish.key}`;
  const found = await current(folder, 'kernel', wish.key);
  const touched = async () => (where.kind === 'host' ? undefined : await tree?.keep(build.objects, product));
  if (found.state === 'current' && (await isCollected(build, product))) {
    await touched();
    return { manifest: await useKernel(artifacts, name), built: false };
  }
  await using staging = await stage(folder, 'kernel');
  await collect(making, staging.folder);
  const hash = await hashing.end();
  const used = await tools(build);
  const recipe = await kernelRecipe({ request, wish, source, hash, where, tools: used });
  const facts = { ...inputs({ ...source, digest: source.digest ?? hash }, build, where), ...programsOf(used) };
  const record = { path: provenanceName('kernel'), text: (files: readonly FileRecord[]) => renderProvenance(recipe, files) };
  await staging.commit({ key: wish.key, inputs: facts, command: request.command, name, record });
  await keepCollected(build, product);
  await touched();
  return { manifest: await useKernel(artifacts, name), built: true };
}

/** Puts what was made into a folder. @throws EulabError when it does not fit there. */
async function collect({ build, request: { workspace, signal } }: Making, out: string): Promise<void> {
  try {
    await run(onHost(jobs({ ...build, out }).collect, workspace.home), { signal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (/No space left on device/.test(error.stderr)) throw fullDisk(workspace.artifacts, { cause: error });
    throw new EulabError(`what was built cannot be put into ${workspace.artifacts} (${error.message})`, {
      details: error.stderr.split('\n').slice(-4),
      cause: error,
    });
  }
}

/**
 * Source, engine and object folder for what was asked for; the caller locks the object folder.
 *
 * @throws EulabError when the source cannot be had or is not clean, or there is no engine.
 */
export async function prepare(request: KernelRequest, wish: Wish): Promise<Making> {
  const { workspace, report, signal } = request;
  const { spec, asked, profile } = wish;
  const where = await kernelEngine(request, asked.all.get('KERNEL_LZ4') === 'y' ? ['lz4'] : []);
  const source = await kernelSource(spec, { sites: request.sites, cache: workspace.cache, signal, report });
  const { arch, toolchain } = request;
  if (spec.kind === 'folder') await checkClean(source.folder, arch);
  const objects = objectFolder(source, { ...request, profile });
  const build: KernelBuild = {
    source: source.folder,
    objects,
    ccache: request.ccache === false ? undefined : join(workspace.cache, 'ccache'),
    ...{ profile, arch, toolchain },
    fragment: join(objects, 'eulab.config'),
    jobs: request.jobs,
    epoch: request.epoch,
  };
  for (const folder of [objects, ...(build.ccache === undefined ? [] : [build.ccache])]) await mkdir(folder, { recursive: true });
  return { build, source, asked, where, scripts: wish.scripts, request };
}

/** What compiles: an engine with what kbuild calls, and more programs if there are. @throws EulabError (3) when there is none. */
export function kernelEngine(request: KernelRequest, more: readonly string[] = []): Promise<Engine> {
  const { home, cache } = request.workspace;
  const facts = { wanted: request.engine, home, cache, dockerfile: 'Dockerfile.kernel' };
  return engine({
    ...request,
    ...facts,
    tools: [...programs, ...compilers(request), ...more],
    lists: listsFor(request.arch, request.toolchain),
  });
}

/** What is made, of what, and where. */
export interface Making {
  readonly build: KernelBuild;
  readonly source: Source;
  readonly asked: Asked;
  readonly where: Engine;
  readonly scripts: string;
  readonly request: KernelRequest;
}

/** The hash of a developer's tree, which takes a second of one CPU: begun when something is compiled, beside that. */
function hashOf({ source, request: { signal } }: Making, cache: string) {
  let hashing: Promise<string | undefined> | undefined;
  const begin = () => {
    if (hashing !== undefined) return;
    const folder = source.digest === undefined ? folderHash(source.folder, cache, signal) : Promise.resolve(undefined);
    hashing = folder.then((found) => found?.hash);
    // Whoever ends before it was asked for has another reason.
    hashing.catch(() => undefined);
  };
  return {
    begin,
    end: async () => {
      begin();
      return await hashing;
    },
  };
}

/**
 * Brings the object folder up to date: its config, unless it is the one that is wanted, and what make finds to be done. `begun` is
 * told when that is anything.
 */
async function make(making: Making, begun: () => void): Promise<void> {
  const { build, where, request } = making;
  const report: Report = (event) => {
    // A kbuild that has nothing to do calls its scripts all the same.
    if (event.kind === 'progress' && event.now?.endsWith('.o') === true) begun();
    request.report(event);
  };
  await configure(making);
  const expected = await expectedObjects(build);
  report({ kind: 'step', text: `compiling ${called(making)}` });
  const listening = { ...listener(making), report };
  const done = await logged(where, jobs(build).compile, { ...listening, expected });
  if (expected?.whole) await keepCount(build, done);
  const found = await cacheNote(build);
  if (found !== undefined) report({ kind: 'note', text: `${found}; the whole log: ${listening.log}` });
}

/** Makes the config in the object folder, unless it is the one that is wanted. */
export async function configure(making: Making): Promise<void> {
  const { build, asked, where, scripts, request } = making;
  const image = where.kind === 'host' ? '' : where.image.name;
  const key = digest(build.profile.base, render(asked.all), scripts, image);
  if (await isConfigured(build, key)) return;
  await writeFile(build.fragment, render(asked.all));
  request.report({ kind: 'step', text: `configuring ${called(making)}` });
  await logged(where, jobs(build).configure, listener(making));
  await checkConfig(build, asked, request);
  await keepConfigured(build, key);
}

/** What is built, as a user is told of it. Pure. */
export function called({ source, build }: Making): string {
  return `Linux ${source.version} (${build.profile.name}${variant(build.arch, build.toolchain)})`;
}

/** Where its output goes. */
export function listener({ build, request: { workspace, report, signal } }: Making): Listener {
  return { log: logOf(build, workspace), report, signal };
}

/** The log of all that is done in an object folder. Pure. */
export function logOf({ objects }: KernelBuild, { cache }: Workspace): string {
  return join(cache, 'logs', `kernel-${basename(objects)}.log`);
}

/** What kbuild calls, beyond what every system has. */
export const programs = ['gcc', 'make', 'flex', 'bison', 'bc', 'perl'];

/** What compiles a kernel, where it is not the usual gcc, which makes kbuild's own programs. Pure. */
function compilers({ arch, toolchain }: Pick<KernelRequest, 'arch' | 'toolchain'>): string[] {
  if (toolchain === 'llvm') return ['clang', 'ld.lld', 'llvm-ar'];
  const { prefix } = architectures[arch];
  return prefix === '' ? [] : [`${prefix}gcc`];
}

/** Where a profile's objects of a source are, by its version and what tells two sources of one version apart. Pure. */
export function objectFolder(
  source: Source,
  build: Pick<KernelBuild, 'profile' | 'arch' | 'toolchain'> & { readonly workspace: Workspace },
): string {
  const { profile, arch, toolchain, workspace } = build;
  const identity = digest(source.digest ?? source.folder).slice(0, 12);
  const end = `${profile.name}${variant(arch, toolchain)}`;
  return join(workspace.cache, 'obj', `linux-${source.version}-${identity}-${end}`);
}

/** Tells what was asked for and did not stick, before an hour is spent on a kernel without it. */
async function checkConfig(build: KernelBuild, asked: Asked, { report, lenient }: KernelRequest): Promise<void> {
  const got = parse(await readFile(join(build.objects, '.config'), 'utf8'), '.config');
  const vanished = lost(asked.all, got);
  if (vanished.length === 0) return;
  const lines = new Map((await explainLost(build.source, vanished, got, build.arch)).map((line) => [line.symbol, line.text]));
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

/** Facts for people, in the manifest; the record has all of them. */
function inputs(source: Source, { profile, arch, toolchain }: KernelBuild, where: Engine): Record<string, string> {
  return {
    source: source.origin,
    version: source.version,
    folder: source.folder,
    digest: source.digest ?? '',
    verified: source.verified,
    profile: profile.name,
    arch: architectures[arch].word,
    toolchain,
    engine: where.kind,
    image: where.kind === 'host' ? '' : where.image.name,
  };
}

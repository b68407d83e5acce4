import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Toolchain, toolchains, variant } from '../architectures.ts';
import { archFolder, archInUse, kernelFolder, noKernel } from '../artifacts/kernel-names.ts';
import { archIn, storedKernels } from '../artifacts/kernels.ts';
import type { Manifest } from '../artifacts/manifest.ts';
import { manifestOf } from '../artifacts/store.ts';
import type { Engine } from '../container/select.ts';
import { fileDigest } from '../digest.ts';
import { engineNames } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { kernelSource } from '../source/kernel.ts';
import { kernelEngine, objectFolder } from './build.ts';
import { parse } from './fragment.ts';
import type { KernelBuild } from './plan.ts';
import { profile } from './profile.ts';
import { lost } from './requested.ts';
import type { TargetRequest } from './target-request.ts';
import { wishOf } from './wish.ts';

/** A kernel that was built, with its object folder as it was then. */
export interface BuiltKernel {
  readonly name: string;
  readonly build: KernelBuild;
  readonly where: Engine;
}

/**
 * The kernel that a module is built for: the one that the options say, else the one of --name, else the one in use.
 *
 * @throws EulabError (2) when it was not built, or something else was built in its object folder since.
 */
export async function builtKernel(request: TargetRequest): Promise<BuiltKernel> {
  const { name, manifest, objects } = await foundKernel(request);
  const { cache } = request.workspace;
  const { engine = '', folder = '', profile: profileName = '' } = manifest.inputs;
  const build: KernelBuild = {
    ...{ source: folder, objects, ccache: join(cache, 'ccache'), profile: profile(profileName), fragment: '' },
    ...{ arch: archIn(manifest), toolchain: toolchainIn(manifest), jobs: request.jobs, epoch: request.epoch },
  };
  // By the same programs as the kernel, unless another engine is asked for.
  const same = engineNames.find((known) => known === engine) ?? 'auto';
  const wanted = request.engine === 'auto' ? same : request.engine;
  const { arch, toolchain } = build;
  return { name, build, where: await kernelEngine({ ...request, arch, toolchain, engine: wanted }) };
}

function toolchainIn({ inputs }: Manifest): Toolchain {
  return toolchains.find((known) => known === inputs['toolchain']) ?? 'gcc';
}

/** A kernel of the workspace, and the folder that has its objects. */
export interface Found {
  readonly name: string;
  readonly manifest: Manifest;
  readonly objects: string;
}

/** As `builtKernel`, for who needs nothing that compiles. */
export function foundKernel(request: TargetRequest): Promise<Found> {
  return request.said ? saidKernel(request) : keptKernel(request);
}

/** The one in use, or of a name. @throws EulabError (2) as `builtKernel`. */
export async function keptKernel({
  workspace: { artifacts, cache },
  name,
}: Pick<TargetRequest, 'workspace' | 'name'>): Promise<Found> {
  const used = () => archFolder(artifacts, archInUse(artifacts));
  const manifest = await manifestOf(name === undefined ? used() : kernelFolder(artifacts, name), 'kernel');
  if (manifest === undefined && name !== undefined) throw noKernel(artifacts, name);
  if (manifest?.name === undefined) throw notBuilt('there is no kernel yet', 'eulab build kernel');
  const all = join(cache, 'obj');
  for (const entry of (await readdir(all).catch(() => [])).sort()) {
    const objects = join(all, entry);
    if (await areObjectsOf(objects, manifest)) return { name: manifest.name, manifest, objects };
  }
  throw notBuilt(`the objects of the kernel ${manifest.name} are gone, or another was built over them`, manifest.command);
}

/** The one that the options describe. */
async function saidKernel(request: TargetRequest): Promise<Found> {
  const { workspace, sites, report, signal, name } = request;
  const wish = await wishOf(request);
  const source = await kernelSource(wish.spec, { sites, cache: workspace.cache, signal, report });
  const objects = objectFolder(source, { ...request, profile: wish.profile });
  const kernels = (await storedKernels(workspace.artifacts)).filter((one) => name === undefined || one.name === name);
  // Of two that are the same, the one in use.
  for (const kernel of kernels.sort((a, b) => Number(b.used) - Number(a.used))) {
    if (!(await areObjectsOf(objects, kernel.manifest))) continue;
    const config = parse(await readFile(join(objects, '.config'), 'utf8'), '.config');
    if (lost(wish.asked.user, config).length === 0) return { name: kernel.name, manifest: kernel.manifest, objects };
  }
  const called = `Linux ${source.version} (${wish.profile.name}${variant(request.arch, request.toolchain)})`;
  throw notBuilt(`${called} is not built yet, or not like this`, request.command.replace(/ (?:--|M=\S*) .*$| M=\S*$/, ''));
}

/** Whether this kernel was made of what is in the folder: by its config, and by where each of its symbols lies. */
async function areObjectsOf(objects: string, { files }: Manifest): Promise<boolean> {
  for (const [name, path] of [
    ['.config', 'config'],
    ['System.map', 'System.map'],
  ] as const) {
    const wanted = files.find((file) => file.path === path)?.sha256;
    if (wanted === undefined || (await fileDigest(join(objects, name)).catch(() => undefined)) !== wanted) return false;
  }
  return true;
}

function notBuilt(what: string, command: string): EulabError {
  return new EulabError(what, { hint: `build it first: ${command}`, exitCode: status.usage });
}

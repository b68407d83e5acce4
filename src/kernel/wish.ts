import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Toolchain, variant } from '../architectures.ts';
import { usualName } from '../artifacts/kernel-names.ts';
import { listsFor } from '../container/packages.ts';
import type { BuildRequest } from '../container/request.ts';
import { digest } from '../digest.ts';
import { EulabError } from '../errors.ts';
import type { Sites } from '../source/source.ts';
import { parseSource, type SourceSpec } from '../source/spec.ts';
import { type Fragment, merge, parse, render, setting } from './fragment.ts';
import { fragmentsOf, kernelFiles, textOf } from './own-files.ts';
import { type Profile, profile } from './profile.ts';

/** A kernel as the user asked for it. */
export interface KernelRequest extends BuildRequest {
  readonly source: string;
  /** Where the source is fetched from, where it is not the usual site. */
  readonly sites: Partial<Sites>;
  readonly profile: string;
  readonly toolchain: Toolchain;
  /** Config fragments of the user's, merged over the profile's in order. */
  readonly fragments: readonly string[];
  /** `CONFIG_X=y` settings, merged last. */
  readonly set: readonly string[];
  readonly lenient: boolean;
  /** What it is kept by; undefined for its profile and version. */
  readonly name: string | undefined;
}

/** What a request comes to, before anything is fetched. */
export interface Wish {
  readonly spec: SourceSpec;
  readonly profile: Profile;
  readonly asked: Asked;
  readonly scripts: string;
  /** Stands for all of it. */
  readonly key: string;
}

/** @throws EulabError (2) for a source, a profile or a setting that makes no sense. */
export async function wishOf(request: KernelRequest): Promise<Wish> {
  const spec = parseSource(request.source);
  const chosen = profile(request.profile);
  const asked = await askedFor(request, chosen);
  const files = kernelFiles(
    { ...request, profile: chosen, lists: listsFor(request.arch, request.toolchain) },
    request.engine,
    request.workspace.home,
  );
  const own = await textOf(files, request.workspace);
  return { spec, profile: chosen, asked, scripts: own, key: await requestKey(request, asked, own) };
}

/** What a kernel of a version is kept by: as the user has it, else by its profile, version and what is unusual of it. Pure. */
export function nameFor({ name, arch, toolchain }: KernelRequest, { name: profileName }: Profile, version: string): string {
  return name ?? usualName(profileName, version, variant(arch, toolchain));
}

/** What the profile asks for, what the user asks for, and both. */
export interface Asked {
  readonly user: Fragment;
  readonly all: Fragment;
}

async function askedFor(request: KernelRequest, chosen: Profile): Promise<Asked> {
  const { home } = request.workspace;
  const ours = fragmentsOf(chosen, request.arch, home).map((name) => join(home, name));
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

async function requestKey(request: KernelRequest, asked: Asked, scripts: string): Promise<string> {
  const { source, sites, profile, arch, toolchain, fragments, engine, baseImage, epoch } = request;
  // A remark in one changes no kernel, but it is in the record.
  const theirs = await Promise.all(fragments.map((file) => readFile(file, 'utf8')));
  // What was made before there were records is made again.
  const parts = [
    'recorded',
    source,
    JSON.stringify(sites),
    profile,
    arch,
    toolchain,
    engine,
    baseImage ?? '',
    String(epoch),
    render(asked.all),
    scripts,
    ...theirs,
  ];
  return digest(...parts);
}

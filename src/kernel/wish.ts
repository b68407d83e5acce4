import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildRequest } from '../container/request.ts';
import { digest } from '../digest.ts';
import { EulabError } from '../errors.ts';
import type { Sites } from '../source/source.ts';
import { parseSource, type SourceSpec } from '../source/spec.ts';
import type { Workspace } from '../workspace.ts';
import { type Fragment, merge, parse, render, setting } from './fragment.ts';
import { type Profile, profile } from './profile.ts';

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
  const own = await scripts(request.workspace);
  return { spec, profile: chosen, asked, scripts: own, key: requestKey(request, asked, own) };
}

/** What the profile asks for, what the user asks for, and both. */
export interface Asked {
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
  const files = [
    join(home, 'Dockerfile.kernel'),
    join(utils, 'kernel/build'),
    join(utils, 'toolchain/packages'),
    join(utils, 'toolchain/versions'),
  ];
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\0');
}

function requestKey(request: KernelRequest, asked: Asked, scripts: string): string {
  const { source, sites, profile, engine, baseImage, epoch } = request;
  // What was made before there were records is made again.
  const parts = [
    'recorded',
    source,
    JSON.stringify(sites),
    profile,
    engine,
    baseImage ?? '',
    String(epoch),
    render(asked.all),
    scripts,
  ];
  return digest(...parts);
}

import { architectures } from '../architectures.ts';
import { packagesOf, programsOf, type Recipe } from '../artifacts/provenance.ts';
import { imageInput, ownFiles, portable, userFile } from '../artifacts/recipe-inputs.ts';
import { listsFor } from '../container/packages.ts';
import { baseOf, type Engine } from '../container/select.ts';
import { exactSource } from '../source/exact.ts';
import type { Source } from '../source/source.ts';
import { version } from '../version.ts';
import { render } from './fragment.ts';
import { kernelFiles } from './own-files.ts';
import type { KernelRequest, Wish } from './wish.ts';

/** What is known of a kernel's build when it is done. */
export interface KernelFacts {
  readonly request: KernelRequest;
  readonly wish: Wish;
  readonly source: Source;
  /** Of a folder's files. */
  readonly hash: string | undefined;
  readonly where: Engine;
  /** As utils/toolchain/versions prints them. */
  readonly tools: readonly string[];
}

/** The recipe of a kernel, for the record beside it. */
export async function kernelRecipe(facts: KernelFacts): Promise<Recipe> {
  const { request, wish, source, hash, where, tools } = facts;
  const { workspace, arch, toolchain, fragments, set, lenient, name, sites, engine, baseImage, epoch, command } = request;
  const { profile, asked } = wish;
  const own = kernelFiles({ profile, arch, lists: listsFor(arch, toolchain) }, where.kind, workspace.home);
  return {
    product: 'kernel',
    asked: {
      source: request.source,
      profile: profile.name,
      arch: architectures[arch].word,
      toolchain,
      fragments: fragments.map((file) => portable(workspace.root, file)),
      set,
      lenient,
      engine,
      epoch,
      command,
      ...(name === undefined ? {} : { name }),
      ...(baseImage === undefined ? {} : { baseImage }),
      ...(Object.keys(sites).length === 0 ? {} : { sites: { ...sites } }),
    },
    settled: {
      version: source.version,
      base: profile.base,
      config: render(asked.all),
      engine: where.kind,
      programs: programsOf(tools),
    },
    inputs: [
      { role: 'source', name: 'linux', ...exactSource(wish.spec, source, 'kernel', hash) },
      ...(await ownFiles(workspace, own)),
      ...(await Promise.all(fragments.map((file) => userFile(workspace, file, '--fragment')))),
      ...imageInput(baseOf(where)),
      ...packagesOf(tools),
    ],
    maker: version(),
  };
}

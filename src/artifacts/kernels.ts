import { constants, copyFile, link, mkdir, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ArchName, archOf, foreignArchs, usualArch } from '../architectures.ts';
import { EulabError, isErrno } from '../errors.ts';
import { kernelName } from '../kernel-values.ts';
import { archFolder, kernelFolder, kernelNames, noKernel } from './kernel-names.ts';
import type { FileRecord, Manifest } from './manifest.ts';
import { current, manifestOf, stage } from './store.ts';

/** A kernel of the workspace. What lies in the folder of its architecture is the one in use: hard links to the files in `folder`. */
export interface StoredKernel {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly used: boolean;
}

/** The kernels of a workspace, by name. @throws EulabError when a manifest is broken. */
export async function storedKernels(artifacts: string): Promise<StoredKernel[]> {
  const names = kernelNames(artifacts);
  const archs = names.length === 0 ? [] : [usualArch, ...foreignArchs];
  const used = await Promise.all(archs.map(async (arch) => (await manifestOf(archFolder(artifacts, arch), 'kernel'))?.name));
  return await Promise.all(
    names.map(async (name) => {
      const folder = kernelFolder(artifacts, name);
      const manifest = await manifestOf(folder, 'kernel');
      if (manifest === undefined) throw noKernel(artifacts, name);
      return { name, folder, manifest, used: used.includes(name) };
    }),
  );
}

/**
 * The kernel that was made from this key, of that name if one is said; the one in use for `arch` first; undefined when there is none, or not all of it any more.
 *
 * @throws EulabError when a manifest is broken.
 */
export async function kernelOfKey(
  artifacts: string,
  key: string,
  { name, arch = usualArch }: { readonly name: string | undefined; readonly arch?: ArchName },
): Promise<string | undefined> {
  const used = await current(archFolder(artifacts, arch), 'kernel', key);
  const first = used.state === 'current' ? used.manifest.name : undefined;
  // The one in use first, and alone when it is the one: nothing else is then read.
  const names = name === undefined ? [...(first === undefined ? [] : [first]), ...kernelNames(artifacts)] : [name];
  for (const each of names) {
    if ((await current(kernelFolder(artifacts, each), 'kernel', key)).state === 'current') return each;
  }
  return undefined;
}

/** The architecture of a product; those of before there was more than one do not say it. Pure. */
export function archIn({ inputs }: Pick<Manifest, 'inputs'>): ArchName {
  return archOf(inputs['arch'] ?? '') ?? usualArch;
}

/**
 * Puts a kernel in use: its files appear in the folder of its architecture, artifacts/ for the usual one, and those of the one before go from there. The caller holds the lock of
 * the product. Nothing is done when it is the one in use already.
 *
 * @throws EulabError (2) when there is none of that name; EulabError when a file of it is gone or changed.
 */
export async function useKernel(artifacts: string, name: string): Promise<Manifest> {
  const folder = kernelFolder(artifacts, name);
  const manifest = kernelName(name) ? await manifestOf(folder, 'kernel') : undefined;
  if (manifest === undefined) throw noKernel(artifacts, name);
  const { key, inputs, command, files } = manifest;
  const found = await current(folder, 'kernel', key);
  if (found.state === 'missing' || found.state === 'changed') {
    const what = found.state === 'missing' ? 'is not there any more' : 'was changed since eulab made it';
    throw new EulabError(`the kernel ${name} is not whole: ${join(folder, found.file)} ${what}`, {
      hint: `build it again: ${command}`,
    });
  }
  const place = archFolder(artifacts, archIn(manifest));
  const used = await current(place, 'kernel', key).catch(() => undefined);
  if (used?.state === 'current' && used.manifest.name === name && same(used.manifest.files, files)) return used.manifest;
  await using staging = await stage(place, 'kernel');
  for (const { path, mtimeMs } of files) {
    await mkdir(dirname(join(staging.folder, path)), { recursive: true });
    await linked(join(folder, path), join(staging.folder, path), mtimeMs);
  }
  return await staging.commit({ key, inputs, command, name }, files);
}

function same(one: readonly FileRecord[], other: readonly FileRecord[]): boolean {
  const facts = (files: readonly FileRecord[]) => files.map(({ path, sha256 }) => `${path} ${sha256}`).join('\n');
  return facts(one) === facts(other);
}

/** The same file at another place; a copy where the file system has no hard links. */
async function linked(from: string, to: string, mtimeMs: number): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!isErrno(error) || !['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP'].includes(error.code ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await utimes(to, mtimeMs / 1000, mtimeMs / 1000);
  }
}

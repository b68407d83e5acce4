import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ArchName, architectures, foreignArchs, usualArch } from '../architectures.ts';
import { EulabError, status } from '../errors.ts';
import { kernelName } from '../kernel-values.ts';
import { didYouMean } from '../nearest.ts';
import { manifestName } from './manifest.ts';

/** The name of a kernel for which none was chosen; `end` tells it from those of other architectures. Pure. */
export function usualName(profile: string, version: string, end = ''): string {
  return `${profile}-${version}${end}`.replace(/[^A-Za-z0-9._+-]/g, '-').slice(0, 64);
}

/** Where the kernel and the ramdisk lie that are booted for an architecture: in artifacts/ itself for the usual one. Pure. */
export function archFolder(artifacts: string, arch: ArchName): string {
  return arch === usualArch ? artifacts : join(artifacts, architectures[arch].word);
}

/** The kernel in use for an architecture, whether there is one or not. Pure. */
export function kernelInUse(artifacts: string, arch: ArchName): string {
  return join(archFolder(artifacts, arch), architectures[arch].image);
}

/** The architecture whose kernel is booted when none is named: the usual one, but where there is a kernel for one other only. */
export function archInUse(artifacts: string): ArchName {
  if (existsSync(kernelInUse(artifacts, usualArch))) return usualArch;
  const [found, ...more] = foreignArchs.filter((arch) => existsSync(kernelInUse(artifacts, arch)));
  return found === undefined || more.length > 0 ? usualArch : found;
}

/** Where the kernels of a workspace lie, each in a folder of its name. Pure. */
export function kernelsFolder(artifacts: string): string {
  return join(artifacts, 'kernels');
}

/** The folder of a kernel. Pure. */
export function kernelFolder(artifacts: string, name: string): string {
  return join(kernelsFolder(artifacts), name);
}

/** The names of the kernels, sorted. */
export function kernelNames(artifacts: string): string[] {
  const folder = kernelsFolder(artifacts);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => kernelName(name) && there(artifacts, name))
    .sort();
}

function there(artifacts: string, name: string): boolean {
  return existsSync(join(kernelFolder(artifacts, name), manifestName('kernel')));
}

/** The kernel itself among what was built with it. Pure. */
export function imageOf(paths: readonly string[]): string {
  return paths.includes('Image') ? 'Image' : 'bzImage';
}

/**
 * The file of a kernel to boot: that of a name, else the file itself; when none was asked for, the one in use for `arch`, or for
 * `archInUse`.
 *
 * @throws EulabError (2) for a word that is neither, with the nearest name; for an architecture other than the usual one that there
 *   is no kernel for.
 */
export function kernelFile(artifacts: string, asked: string | undefined, arch?: ArchName): string {
  if (asked === undefined) return used(artifacts, arch ?? archInUse(artifacts));
  if (kernelName(asked) && there(artifacts, asked)) {
    const folder = kernelFolder(artifacts, asked);
    return join(folder, imageOf(readdirSync(folder)));
  }
  if (!asked.includes('/') && !existsSync(resolve(asked)) && kernelNames(artifacts).length > 0) throw noKernel(artifacts, asked);
  return asked;
}

function used(artifacts: string, arch: ArchName): string {
  const file = kernelInUse(artifacts, arch);
  if (arch === usualArch || existsSync(file)) return file;
  const { word } = architectures[arch];
  throw new EulabError(`there is no kernel for ${word} yet: ${file} is not there`, {
    hint: `make one: eulab build kernel --arch ${word}; or name one with --kernel`,
    exitCode: status.usage,
  });
}

/** The error for a name that no kernel has, with the nearest that one has; status 2. */
export function noKernel(artifacts: string, name: string): EulabError {
  const known = kernelNames(artifacts);
  const others = known.length > 0 ? `there is: ${known.join(', ')}` : 'make one: eulab build kernel';
  return new EulabError(`no kernel ${JSON.stringify(name)}`, {
    hint: didYouMean(name, known, others),
    exitCode: status.usage,
  });
}

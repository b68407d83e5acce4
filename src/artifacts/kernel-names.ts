import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EulabError, status } from '../errors.ts';
import { kernelName } from '../kernel-values.ts';
import { didYouMean } from '../nearest.ts';
import { manifestName } from './manifest.ts';

/** The name of a kernel for which none was chosen. Pure. */
export function usualName(profile: string, version: string): string {
  return `${profile}-${version}`.replace(/[^A-Za-z0-9._+-]/g, '-').slice(0, 64);
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

/**
 * The file of a kernel to boot: that of a name, else the file itself; undefined when none was asked for, for the one in use.
 *
 * @throws EulabError (2) for a word that is neither, with the nearest name.
 */
export function kernelFile(artifacts: string, asked: string | undefined): string {
  if (asked === undefined) return join(artifacts, 'bzImage');
  if (kernelName(asked) && there(artifacts, asked)) return join(kernelFolder(artifacts, asked), 'bzImage');
  if (!asked.includes('/') && !existsSync(resolve(asked)) && kernelNames(artifacts).length > 0) throw noKernel(artifacts, asked);
  return asked;
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

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A program that is built from source. */
export type Program = 'kernel' | 'busybox';

/** What every source tree of a program holds; a name that ends in a slash is a folder. */
const landmarks: Readonly<Record<Program, readonly string[]>> = {
  kernel: ['Makefile', 'Kconfig', 'arch/'],
  busybox: ['Makefile', 'Config.in', 'applets/'],
};

/** The version of a source tree, or, when it is no such tree, what it lacks. */
export type Tree = { readonly version: string } | { readonly lacks: readonly string[] };

/** What a folder is as a source tree of `program`. */
export async function inspectTree(folder: string, program: Program): Promise<Tree> {
  const lacks: string[] = [];
  for (const name of landmarks[program]) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined || found.isDirectory() !== name.endsWith('/')) lacks.push(name);
  }
  if (lacks.length > 0) return { lacks };
  const version = makefileVersion(await readFile(join(folder, 'Makefile'), 'utf8'));
  return version === undefined ? { lacks: ['VERSION and PATCHLEVEL in its Makefile'] } : { version };
}

/** The version that a Makefile of the kernel or of busybox gives, "6.7.0-rc3"; undefined when it gives none. Pure. */
export function makefileVersion(makefile: string): string | undefined {
  const value = (name: string) => new RegExp(`^${name}[ \\t]*=[ \\t]*(\\S*)`, 'm').exec(makefile)?.[1] ?? '';
  const [version, patchlevel, sublevel] = [value('VERSION'), value('PATCHLEVEL'), value('SUBLEVEL')];
  if (!/^\d+$/.test(version) || !/^\d+$/.test(patchlevel)) return undefined;
  return `${version}.${patchlevel}${sublevel === '' ? '' : `.${sublevel}`}${value('EXTRAVERSION')}`;
}

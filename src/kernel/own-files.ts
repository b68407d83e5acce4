import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchName, architectures } from '../architectures.ts';
import { containerFiles } from '../container/packages.ts';
import type { EngineName } from '../engine-names.ts';
import type { Workspace } from '../workspace.ts';
import type { Profile } from './profile.ts';

/** The fragments of a profile for an architecture, by their paths below eulab's folder: behind each the architecture's own. */
export function fragmentsOf(profile: Profile, arch: ArchName, home: string): string[] {
  return profile.fragments.flatMap((name) => {
    const own = `utils/kernel/${name.replace('.config', `-${architectures[arch].word}.config`)}`;
    return [`utils/kernel/${name}`, ...(existsSync(join(home, own)) ? [own] : [])];
  });
}

/**
 * The files of eulab's own that make a kernel what it is, by their paths below its folder: what its key is made from, and what its
 * record lists. The usual engine takes a container for granted.
 */
export function kernelFiles(
  { profile, arch, lists }: { readonly profile: Profile; readonly arch: ArchName; readonly lists: readonly string[] },
  engine: EngineName,
  home: string,
): string[] {
  const container = engine === 'host' ? [] : ['Dockerfile.kernel', ...containerFiles(lists)];
  return ['utils/kernel/build', 'utils/toolchain/versions', ...container, ...fragmentsOf(profile, arch, home)];
}

/** What these files say, one after another. */
export async function textOf(files: readonly string[], { home }: Workspace): Promise<string> {
  return (await Promise.all(files.map((file) => readFile(join(home, file), 'utf8')))).join('\0');
}

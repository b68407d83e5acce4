import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchName, architectures, type Toolchain, usualArch } from '../architectures.ts';

/** The lists in utils/toolchain that every toolchain has; the first must be had. */
const usual = ['packages', 'optional'] as const;

/** The names of the packages in lists in utils/toolchain. */
export function packagesIn(home: string, lists: readonly string[]): string[] {
  return lists.flatMap((name) =>
    readFileSync(join(home, 'utils/toolchain', name), 'utf8')
      .trim()
      .split('\n'),
  );
}

/** The packages of the toolchain that every build has. */
export function usualPackages(home: string): string[] {
  return packagesIn(home, usual);
}

/** The files that make the image of a toolchain with more `lists`, by their paths below eulab's folder, but for the Dockerfile. Pure. */
export function containerFiles(lists: readonly string[]): string[] {
  return ['install', ...usual, ...lists].map((name) => `utils/toolchain/${name}`);
}

/** The lists that a build takes beyond the usual ones. Pure. */
export function listsFor(arch: ArchName, toolchain: Toolchain = 'gcc'): string[] {
  // clang makes code for all of them.
  if (toolchain === 'llvm') return ['llvm'];
  return arch === usualArch ? [] : [architectures[arch].word];
}

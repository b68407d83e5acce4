import { known } from '../../known.ts';
import { openFile } from '../../ramdisk/image/file.ts';
import { type KernelFacts, kernelFacts } from './kernel-image.ts';

/** A kernel that was looked at: what it says of itself, and which file it is. */
export interface CheckedKernel {
  readonly path: string;
  readonly identity: string;
  readonly facts: KernelFacts;
}

/** The option that names the kernel, and where the check remembers what it read. */
export interface KernelCheck {
  readonly option: string;
  readonly cache: string;
}

/**
 * Reads a kernel file as far as it tells whether QEMU can boot it, and refuses what cannot be booted: see `kernelFacts`.
 * The whole of it is read once, for its checksum, and not again until it changes.
 *
 * @throws EulabError (2) that names the file.
 */
export async function checkKernel(path: string, { option, cache }: KernelCheck): Promise<CheckedKernel> {
  using file = openFile(path, { option, maker: 'eulab build kernel' });
  const whole = known<true>(cache, 'kernels', 1);
  if (whole.recall(file.identity) === true) return { path, identity: file.identity, facts: kernelFacts(file, path) };
  // Once for each kernel: a boot need not load it.
  const { beginning, checkWhole } = await import('./kernel-whole.ts');
  const facts = kernelFacts(file, path, beginning(file));
  checkWhole(file, facts);
  whole.remember(file.identity, true);
  return { path, identity: file.identity, facts };
}

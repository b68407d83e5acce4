import { type CheckedInitramfs, checkInitramfs } from './initramfs.ts';
import { type CheckedKernel, checkKernel } from './kernel-check.ts';

/** The files of a boot, and the machine that they are for. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
  readonly cache: string;
  readonly memoryBytes: number;
  /** The words that the user adds to the kernel's command line. */
  readonly words: readonly string[];
}

/** What files say of themselves. */
export interface CheckedFiles {
  readonly kernel: CheckedKernel;
  readonly initramfs: CheckedInitramfs;
}

/**
 * Looks at kernel and initramfs as far as files can tell whether they boot, and returns what they say of themselves.
 *
 * @throws EulabError (2) that names the file: see `checkKernel` and `checkInitramfs`.
 */
export async function checkFiles({ kernel, initrd, ...machine }: BootFiles): Promise<CheckedFiles> {
  const checked = await checkKernel(kernel, { option: '--kernel', cache: machine.cache });
  const initramfs = await checkInitramfs(initrd, { option: '--initrd', kernel: checked, ...machine });
  return { kernel: checked, initramfs };
}

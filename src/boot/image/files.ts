import { type ArchName, architectures, usualArch } from '../../architectures.ts';
import { openFile } from '../../ramdisk/image/file.ts';
import { type CheckedInitramfs, checkInitramfs } from './initramfs.ts';
import { type CheckedKernel, checkKernel } from './kernel-check.ts';

/** The files of a boot, and the machine that they are for. */
export interface BootFiles {
  readonly arch: ArchName;
  readonly kernel: string;
  readonly initrd: string;
  readonly cache: string;
  readonly memoryBytes: number;
  /** The words that the user adds to the kernel's command line. */
  readonly words: readonly string[];
}

/** What files say of themselves. */
export interface CheckedFiles {
  /** Undefined for a kernel of another architecture, which tells less. */
  readonly kernel: CheckedKernel | undefined;
  readonly initramfs: CheckedInitramfs;
}

/**
 * Looks at kernel and initramfs as far as files can tell whether they boot, and returns what they say of themselves.
 *
 * @throws EulabError (2) that names the file: see `checkKernel` and `checkInitramfs`.
 */
export async function checkFiles({ kernel, initrd, ...machine }: BootFiles): Promise<CheckedFiles> {
  const { arch, cache } = machine;
  const checked = arch === usualArch ? await checkKernel(kernel, { option: '--kernel', cache }) : checkForeign(kernel, arch);
  const initramfs = await checkInitramfs(initrd, { option: '--initrd', kernel: checked, ...machine });
  return { kernel: checked, initramfs };
}

/** That it is there; its first bytes were looked at to see what it is for. */
function checkForeign(kernel: string, arch: ArchName): undefined {
  const maker = `eulab build kernel --arch ${architectures[arch].word}`;
  openFile(kernel, { option: '--kernel', maker })[Symbol.dispose]();
}

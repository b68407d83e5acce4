import { type ArchName, architectures, usualArch } from '../../architectures.ts';
import { EulabError, status } from '../../errors.ts';
import type { Known } from '../../known.ts';
import { known } from '../../known.ts';
import { type OpenFile, openFile } from '../../ramdisk/image/file.ts';
import type { InitramfsFacts } from './initramfs-fault.ts';
import { initramfsFault } from './initramfs-fault.ts';
import type { CheckedKernel } from './kernel-check.ts';
import { kernelConfig } from './kernel-config.ts';

/** What an initramfs is looked at for. */
export interface InitramfsCheck {
  readonly option: string;
  readonly cache: string;
  /** The kernel that is to unpack it; undefined when it is not known. */
  readonly kernel: CheckedKernel | undefined;
  readonly memoryBytes: number;
  /** The words that the user adds to the kernel's command line: they may name another program to start. */
  readonly words: readonly string[];
  /** What the kernel is for. */
  readonly arch: ArchName;
}

export const maker = 'eulab build ramdisk';

/** An initramfs that was looked at and can be used. */
export interface CheckedInitramfs {
  /** Another file, or this one changed, has another identity. */
  readonly identity: string;
  readonly facts: InitramfsFacts;
}

/**
 * What is known of an initramfs; refuses one that this kernel could not unpack or start: empty, cut or damaged, compressed in
 * a way that it does not know, larger than the guest's memory, or without a program that runs at /init.
 *
 * The file is read once, to its end, and not again until it changes.
 *
 * @throws EulabError (2) that names the file.
 * @see Documentation/filesystems/ramfs-rootfs-initramfs.rst
 */
export async function checkInitramfs(path: string, check: InitramfsCheck): Promise<CheckedInitramfs> {
  using file = openFile(path, { option: check.option, maker: makerFor(check) });
  const facts = await factsOf(file, known<InitramfsFacts>(check.cache, 'initramfs', 3), check);
  const config = check.kernel === undefined ? undefined : kernelConfig(check.kernel, check.cache);
  const fault = initramfsFault(facts, { ...check, config });
  if (fault === undefined) return { identity: file.identity, facts };
  throw refused(path, fault.what, fault.hint ?? another(check));
}

async function factsOf(file: OpenFile, memory: Known<InitramfsFacts>, check: InitramfsCheck): Promise<InitramfsFacts> {
  const recalled = memory.recall(file.identity);
  if (recalled !== undefined) return recalled;
  // Once for each archive: a boot need not load it.
  const [{ inspect }, { Damage }] = await Promise.all([
    import('../../ramdisk/image/inspect.ts'),
    import('../../ramdisk/image/segments.ts'),
  ]);
  try {
    const { warnings: _, ...facts } = await inspect(file);
    memory.remember(file.identity, facts);
    return facts;
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw refused(file.path, error.message, error.hint ?? another(check));
  }
}

function makerFor({ arch }: InitramfsCheck): string {
  return arch === usualArch ? maker : `${maker} --arch ${architectures[arch].word}`;
}

function another(check: InitramfsCheck): string {
  const { option } = check;
  return `make one: ${makerFor(check)}; or name another with ${option}`;
}

function refused(path: string, what: string, hint: string): EulabError {
  return new EulabError(`${path} ${what}`, { hint, exitCode: status.usage });
}

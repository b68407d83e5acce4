import { type ArchName, architectures, usualArch } from '../../architectures.ts';
import { compressionNamed } from '../../ramdisk/image/compression.ts';
import type { ImageFacts } from '../../ramdisk/image/inspect.ts';
import { machineNames } from '../../ramdisk/image/start-program.ts';

/** What a machine's choice depends on; the warnings are for who asks. */
export type InitramfsFacts = Omit<ImageFacts, 'warnings'>;

/** The machine that is to unpack it. */
export interface Unpacker {
  readonly kernel:
    | { readonly path: string; readonly facts: { readonly payload: { readonly bytes: number } | undefined } }
    | undefined;
  readonly config: { readonly file: string; value(symbol: string): string } | undefined;
  readonly memoryBytes: number;
  readonly words: readonly string[];
  /** What the kernel is for. */
  readonly arch: ArchName;
}

/** Why a kernel cannot use an initramfs; the rest of a sentence that begins with the archive's name. */
export interface Fault {
  readonly what: string;
  readonly hint?: string;
}

/** Why this machine could not unpack this initramfs or start it; undefined when nothing speaks against it. Pure. */
export function initramfsFault(facts: InitramfsFacts, machine: Unpacker): Fault | undefined {
  return compressionFault(facts, machine) ?? memoryFault(facts, machine) ?? startFault(facts, machine);
}

function compressionFault({ compressions }: InitramfsFacts, { config, kernel }: Unpacker): Fault | undefined {
  if (config === undefined) return undefined;
  const without = (symbol: string) => `${symbol} is not set in ${config.file}`;
  if (config.value('CONFIG_BLK_DEV_INITRD') !== 'y') {
    return {
      what: `is of no use: ${kernel?.path} takes no initramfs, ${without('CONFIG_BLK_DEV_INITRD')}`,
      hint: rebuild('CONFIG_BLK_DEV_INITRD'),
    };
  }
  for (const name of compressions) {
    const symbol = name === 'none' ? undefined : compressionNamed(name).symbol;
    if (symbol === undefined || config.value(symbol) === 'y') continue;
    return {
      what: `is ${name}-compressed, and ${kernel?.path} cannot unpack that: ${without(symbol)}`,
      hint: `${rebuild(symbol)}; or compress the archive in another way`,
    };
  }
  return undefined;
}

function memoryFault(facts: InitramfsFacts, { config, kernel, memoryBytes, words }: Unpacker): Fault | undefined {
  const mebibytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024);
  const hint = 'give the guest more with --memory';
  const has = `the guest has ${Math.floor(memoryBytes / 1024 / 1024)} MiB`;
  // The archive lies in memory until all of it is unpacked; the kernel is never smaller than it was when it was compressed.
  const needed = facts.fileBytes + facts.unpackedBytes + (kernel?.facts.payload?.bytes ?? 0);
  if (needed > memoryBytes) {
    return { what: `needs ${mebibytes(needed)} MiB of memory with the kernel and all that is unpacked, and ${has}`, hint };
  }
  // The root file system is a tmpfs then, of half the memory. @see init/do_mounts.c, init_rootfs
  const tmpfs = config?.value('CONFIG_TMPFS') === 'y' && !words.some((word) => /(^|\s)root=/.test(word));
  if (tmpfs && facts.unpackedBytes > memoryBytes / 2) {
    return { what: `unpacks to ${mebibytes(facts.unpackedBytes)} MiB, may take half of the memory, and ${has}`, hint };
  }
  return undefined;
}

function startFault({ start, microcodeOnly, opaque }: InitramfsFacts, { config, words, arch }: Unpacker): Fault | undefined {
  // The kernel starts something else then, or mounts another root: the user knows.
  if (opaque || words.some((word) => /(^|\s)(rdinit|root)=/.test(word))) return undefined;
  if (start.fault !== undefined) {
    return microcodeOnly
      ? { what: 'has microcode for the CPU and no /init: the kernel would have nothing to start' }
      : { what: start.fault };
  }
  const guest = machineNames[arch];
  if (start.machine !== undefined && start.machine !== guest) {
    const of = arch === usualArch ? '' : ` --arch ${architectures[arch].word}`;
    return {
      what: `has an /init that is a program for ${start.machine}, and the guest is ${guest}`,
      hint: `make one for the guest: eulab build ramdisk${of}; or name another with --initrd`,
    };
  }
  const lacking = config === undefined ? undefined : start.needs.find((symbol) => config.value(symbol) !== 'y');
  if (lacking === undefined || config === undefined) return undefined;
  return { what: `has an /init that the kernel cannot run: ${lacking} is not set in ${config.file}`, hint: rebuild(lacking) };
}

function rebuild(symbol: string): string {
  return `build a kernel that can: eulab build kernel --set ${symbol}=y`;
}

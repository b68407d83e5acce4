import { join } from 'node:path';
import { known } from '../../known.ts';
import { bytesOf } from '../../ramdisk/image/bytes.ts';
import { elfImage } from '../../ramdisk/image/elf-image.ts';
import { keep, payloadFolder, sizeOf, touch } from './kept.ts';
import type { CheckedKernel } from './kernel-check.ts';

/** The ELF file in a bzImage, unpacked into the cache. */
export interface UnpackedKernel extends Unpacked {
  readonly path: string;
}

interface Unpacked {
  /** QEMU can start it as it is. */
  readonly pvh: boolean;
  /** How far it reaches in the guest's memory, in bytes from 0. */
  readonly reachBytes: number;
}

/**
 * The kernel in a bzImage as an ELF file, unpacked when it is asked for the first time, with the configuration in it (if
 * any) as `config` beside it. Undefined when there is none, or this host cannot unpack or keep it: never an error.
 */
export async function unpackedKernel(kernel: CheckedKernel, cache: string): Promise<UnpackedKernel | undefined> {
  const { payload } = kernel.facts;
  if (payload === undefined) return undefined;
  const folder = payloadFolder(cache, kernel.identity);
  const path = join(folder, 'vmlinux');
  const facts = known<Unpacked>(cache, 'payloads', 1);
  const recalled = facts.recall(kernel.identity);
  if (recalled !== undefined && sizeOf(path) === payload.unpackedBytes) {
    touch(folder);
    return { path, ...recalled };
  }
  // Once for each kernel: a boot need not load it.
  const { configIn, unpackPayload } = await import('./payload-unpack.ts');
  const elf = await unpackPayload(kernel.path, payload);
  const found = elf === undefined ? undefined : elfImage(bytesOf(elf));
  if (elf === undefined || elf.length !== payload.unpackedBytes || found?.machine !== 'x86-64') return undefined;
  const config = configIn(elf);
  if (!keep(folder, { vmlinux: elf, ...(config === undefined ? {} : { config }) })) return undefined;
  const fact = { pvh: found.pvh, reachBytes: found.reachBytes };
  facts.remember(kernel.identity, fact);
  return { path, ...fact };
}

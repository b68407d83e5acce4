import { join } from 'node:path';
import type { CheckedInitramfs } from './initramfs.ts';
import { payloadFolder, sizeOf, touch } from './kept.ts';

/** In which form an initramfs is given to QEMU. */
export interface BootedInitramfs {
  readonly path: string;
  readonly form: 'as it is' | 'unpacked';
  /** A phrase that says why. */
  readonly why: string;
}

/** What the choice depends on. */
export interface InitramfsChoice {
  readonly path: string;
  readonly accel: 'kvm' | 'tcg';
  readonly cache: string;
  readonly memoryBytes: number;
  /** The guest is to unpack it itself, for whoever wants to see how long that takes. */
  readonly asGiven: boolean;
}

/** A larger one is not worth its place in the cache, nor in the guest's memory. */
const mostBytes = 64 * 1024 * 1024;

/**
 * The file to give the guest as its initramfs: the one that the user named, or under emulation what the host has unpacked of
 * it, so that the guest need not. `checked` undefined: what it holds is not known. Never an error.
 */
export async function bootedInitramfs(checked: CheckedInitramfs | undefined, choice: InitramfsChoice): Promise<BootedInitramfs> {
  const { path, accel, cache, memoryBytes } = choice;
  const asGiven = (why: string): BootedInitramfs => ({ path, form: 'as it is', why });
  if (checked === undefined) return asGiven('it was not looked at');
  const { facts, identity } = checked;
  if (facts.compressions.every((name) => name === 'none')) return asGiven('it is not compressed');
  if (choice.asGiven) return asGiven('asked for');
  if (accel === 'kvm') return asGiven('under KVM it is unpacked in no time');
  // The archive and its files are in memory together.
  if (facts.opaque || facts.unpackedBytes > Math.min(mostBytes, memoryBytes / 4))
    return asGiven('it is too large to keep unpacked');
  const folder = payloadFolder(cache, identity);
  const unpacked = join(folder, 'initramfs.cpio');
  if (sizeOf(unpacked) !== undefined) touch(folder);
  else {
    // Once for each archive: a boot need not load it.
    const { unpackInitramfs } = await import('./initramfs-unpack.ts');
    if (!(await unpackInitramfs(path, unpacked))) return asGiven('it cannot be unpacked into the cache');
  }
  return { path: unpacked, form: 'unpacked', why: 'the guest need not unpack it under emulation' };
}

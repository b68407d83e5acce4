import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchName } from '../architectures.ts';
import { archFolder } from '../artifacts/kernel-names.ts';

/** The image that `eulab build ramdisk` left for an architecture, by whatever compression; the usual name when there is none. */
export function defaultInitrd(artifacts: string, arch: ArchName): string {
  const folder = archFolder(artifacts, arch);
  const places = ['.gz', '', '.zst', '.lz4', '.xz'].map((ending) => join(folder, `initramfs.cpio${ending}`));
  return places.find(existsSync) ?? join(folder, 'initramfs.cpio.gz');
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The image that `eulab build ramdisk` left in artifacts/, by whatever compression; the usual name when there is none. */
export function defaultInitrd(artifacts: string): string {
  const places = ['.gz', '', '.zst', '.lz4', '.xz'].map((ending) => join(artifacts, `initramfs.cpio${ending}`));
  return places.find(existsSync) ?? join(artifacts, 'initramfs.cpio.gz');
}

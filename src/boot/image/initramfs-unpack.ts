import { basename, dirname } from 'node:path';
import { openFile } from '../../ramdisk/image/file.ts';
import { readImage } from '../../ramdisk/image/read.ts';
import { Damage, type Segment } from '../../ramdisk/image/segments.ts';
import { maker } from './initramfs.ts';
import { keep } from './kept.ts';

/** The kernel takes an archive's header for one at such an offset only. @see init/initramfs.c, unpack_to_rootfs */
const alignment = 4;

/** Writes all segments of an initramfs to `to`, uncompressed, one after another; false when that cannot be done here. */
export async function unpackInitramfs(path: string, to: string): Promise<boolean> {
  using file = openFile(path, { option: '--initrd', maker });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let last: Segment | undefined;
  const take = (piece: Uint8Array, segment: Segment) => {
    const gap = segment === last ? 0 : (alignment - (bytes % alignment)) % alignment;
    last = segment;
    parts.push(new Uint8Array(gap), piece);
    bytes += gap + piece.length;
  };
  try {
    for await (const part of readImage(file, take)) if (part.kind === 'segment' && part.segment.opaque === true) return false;
  } catch (error) {
    if (error instanceof Damage) return false;
    throw error;
  }
  return keep(dirname(to), { [basename(to)]: Buffer.concat(parts) });
}

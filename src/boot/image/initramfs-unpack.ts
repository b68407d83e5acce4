import { basename, dirname } from 'node:path';
import { openFile } from './file.ts';
import { maker } from './initramfs.ts';
import { Damage, entriesOf, type Segment } from './initramfs-walk.ts';
import { keep } from './kept.ts';

/** The kernel takes an archive's header for one at such an offset only. @see init/initramfs.c, unpack_to_rootfs */
const alignment = 4;

/** Writes all segments of an initramfs to `to`, uncompressed, one after another; false when that cannot be done here. */
export async function unpackInitramfs(path: string, to: string): Promise<boolean> {
  using file = openFile(path, { option: '--initrd', maker });
  const segments: Segment[] = [];
  const parts: Uint8Array[] = [];
  let [bytes, begun] = [0, 0];
  const take = (piece: Uint8Array) => {
    const gap = segments.length === begun ? 0 : (alignment - (bytes % alignment)) % alignment;
    begun = segments.length;
    parts.push(new Uint8Array(gap), piece);
    bytes += gap + piece.length;
  };
  try {
    for await (const _ of entriesOf(file, segments, take));
  } catch (error) {
    if (error instanceof Damage) return false;
    throw error;
  }
  return !segments.some(({ opaque }) => opaque) && keep(dirname(to), { [basename(to)]: Buffer.concat(parts) });
}

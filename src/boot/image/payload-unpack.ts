import { gunzipSync } from 'node:zlib';
import { compressionNamed } from '../../ramdisk/image/compression.ts';
import { openFile } from '../../ramdisk/image/file.ts';
import { unlz4Whole } from '../../ramdisk/image/lz4.ts';
import { Unpackable, unpackedBy } from '../../ramdisk/image/unpack.ts';
import type { Payload } from './kernel-image.ts';

/** The ELF file in a bzImage; undefined when it is damaged, or this host has no program to unpack it. */
export async function unpackPayload(path: string, { compression, offset, bytes }: Payload): Promise<Uint8Array | undefined> {
  using file = openFile(path, { option: '--kernel', maker: 'eulab build kernel' });
  try {
    if (compression === 'gzip') return gunzipSync(file.at(offset, bytes));
    // The build wrote the length behind the others.
    const data = file.at(offset, bytes - 4);
    if (compression === 'lz4') return unlz4Whole(data);
    const pieces = unpackedBy(
      compressionNamed(compression),
      (async function* () {
        yield data;
      })(),
    );
    if (pieces === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for await (const piece of pieces) parts.push(piece);
    return Buffer.concat(parts);
  } catch (error) {
    const damaged = error instanceof RangeError || error instanceof Unpackable || (error instanceof Error && 'code' in error);
    if (damaged) return undefined;
    throw error;
  }
}

/** The configuration that CONFIG_IKCONFIG puts into a kernel. @see scripts/extract-ikconfig */
export function configIn(elf: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(elf.buffer, elf.byteOffset, elf.byteLength);
  const begin = bytes.indexOf('IKCFG_ST\x1f\x8b', 0, 'latin1');
  const end = begin < 0 ? -1 : bytes.indexOf('IKCFG_ED', begin, 'latin1');
  if (end < 0) return undefined;
  try {
    return gunzipSync(bytes.subarray(begin + 8, end));
  } catch {
    return undefined;
  }
}

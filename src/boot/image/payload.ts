import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bytesOf } from './bytes.ts';
import { compressionNamed } from './compression.ts';
import { elfImage } from './elf-image.ts';
import { openFile } from './file.ts';
import { keep, payloadFolder, sizeOf, touch } from './kept.ts';
import type { CheckedKernel } from './kernel-check.ts';
import type { Payload } from './kernel-image.ts';
import { known } from './known.ts';
import { unlz4 } from './lz4.ts';
import { Unpackable, unpackedBy } from './unpack.ts';

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
  const elf = await unpack(kernel.path, payload);
  const found = elf === undefined ? undefined : elfImage(bytesOf(elf));
  if (elf === undefined || elf.length !== payload.unpackedBytes || found?.machine !== 'x86-64') return undefined;
  const config = configIn(elf);
  if (!keep(folder, { vmlinux: elf, ...(config === undefined ? {} : { config }) })) return undefined;
  const fact = { pvh: found.pvh, reachBytes: found.reachBytes };
  facts.remember(kernel.identity, fact);
  return { path, ...fact };
}

async function unpack(path: string, { compression, offset, bytes }: Payload): Promise<Uint8Array | undefined> {
  using file = openFile(path, { option: '--kernel', maker: 'eulab build kernel' });
  try {
    if (compression === 'gzip') return gunzipSync(file.at(offset, bytes));
    // The build wrote the length behind the others.
    const data = file.at(offset, bytes - 4);
    if (compression === 'lz4') return unlz4(data);
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
function configIn(elf: Uint8Array): Uint8Array | undefined {
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

import type { ArchName } from '../../architectures.ts';
import type { Bytes } from './bytes.ts';
import type { Compression } from './compression.ts';
import { clean } from './path.ts';
import { type ImageEntry, readImage, stranger } from './read.ts';
import { Rootfs } from './rootfs.ts';
import { Damage } from './segments.ts';
import { type Start, startOf } from './start-program.ts';
import { type Warning, Warnings } from './warnings.ts';

/** What is known of an initramfs that was read to its end. */
export interface ImageFacts {
  /** Of each of its segments, in their order. */
  readonly compressions: readonly (Compression['name'] | 'none')[];
  /** Some of it could not be unpacked here, for want of a program: what is in it is not known. */
  readonly opaque: boolean;
  readonly fileBytes: number;
  /** What its files take in memory, in whole pages. */
  readonly unpackedBytes: number;
  readonly start: Start;
  /** It has microcode for the CPU and nothing to start. */
  readonly microcodeOnly: boolean;
  readonly warnings: readonly Warning[];
}

const pageBytes = 4096;
/** Enough for a script's first line, and an ELF program's headers. */
const headBytes = 4096;
/** No image has more; what is packed well can unpack to more than memory holds. */
const mostEntries = 1_000_000;
const mostHeads = 16_384;
const microcode = /^kernel\/x86\/microcode(\/|$)/;

/**
 * Reads an initramfs to its end, as the kernel would. The checksums of all its parts are right when facts come back. `guest` is what
 * the kernel is for that is to start it, where one is at hand.
 *
 * @throws Damage when it is cut, damaged, or no initramfs.
 */
export async function inspect(file: Bytes, guest?: ArchName): Promise<ImageFacts> {
  const compressions: ImageFacts['compressions'][number][] = [];
  const rootfs = new Rootfs();
  const warnings = new Warnings();
  const heads = headsOf();
  const seen = { microcode: false, more: false, opaque: false };
  let unpackedBytes = 0;
  for await (const part of readImage(file)) {
    if (part.kind === 'segment') {
      compressions.push(part.segment.compression);
      seen.opaque ||= part.segment.opaque === true;
    }
    if (part.kind === 'trailer') rootfs.endArchive();
    if (part.kind === 'rest') warnings.rest(part.offset);
    if (part.kind !== 'entry') continue;
    warnings.entry(part.path, rootfs.add(part, await heads(part)));
    unpackedBytes += Math.ceil(part.size / pageBytes) * pageBytes;
    if ((part.mode & 0o170000) !== 0o040000) seen[microcode.test(clean(part.path)) ? 'microcode' : 'more'] = true;
  }
  if (compressions.length === 0) throw stranger(file);
  return {
    compressions,
    opaque: seen.opaque,
    fileBytes: file.length,
    unpackedBytes,
    start: seen.opaque ? { fault: undefined, needs: [] } : startOf(rootfs.nodes, '/init'),
    microcodeOnly: seen.microcode && !seen.more,
    warnings: warnings.with(seen.opaque ? undefined : rootfs, guest),
  };
}

/** The first bytes of one entry after another, as far as they matter and memory allows. @throws Damage for too many entries. */
export function headsOf(): (entry: ImageEntry) => Promise<Uint8Array> {
  let [entries, heads] = [0, 0];
  return async (entry) => {
    entries += 1;
    if (entries > mostEntries) throw new Damage(`has more than ${mostEntries} entries`);
    if (entry.target !== undefined) return entry.target;
    if ((entry.mode & 0o170111) <= 0o100000 || heads > mostHeads) return new Uint8Array(0);
    heads += 1;
    return beginning(entry);
  };
}

async function beginning(entry: ImageEntry): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const wanted = Math.min(headBytes, entry.size);
  for await (const piece of entry.content()) {
    parts.push(piece.subarray(0, wanted - bytes));
    bytes += piece.length;
    if (bytes >= wanted) break;
  }
  return Buffer.concat(parts);
}

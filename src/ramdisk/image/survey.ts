import { createHash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import { typeOf } from './header.ts';
import { headsOf } from './inspect.ts';
import { type ImageEntry, readImage } from './read.ts';
import { Rootfs } from './rootfs.ts';
import { opaque } from './segments.ts';
import { type Warning, Warnings } from './warnings.ts';

/** What the guest would find of an image. */
export interface Survey {
  readonly rootfs: Rootfs;
  /** In hex, by the number of the entry; only of files, and only when asked for. */
  readonly digests: ReadonlyMap<number, string>;
  readonly warnings: readonly Warning[];
}

/** The guest's files after all of an image is unpacked. @throws Damage, also when a part of it cannot be unpacked on this host. */
export async function survey(file: Bytes, { digest = false }: { readonly digest?: boolean } = {}): Promise<Survey> {
  const rootfs = new Rootfs();
  const warnings = new Warnings();
  const digests = new Map<number, string>();
  const heads = headsOf();
  for await (const part of readImage(file)) {
    if (part.kind === 'trailer') rootfs.endArchive();
    if (part.kind === 'rest') warnings.rest(part.offset);
    if (part.kind === 'segment' && part.segment.opaque === true) throw opaque(part.segment.compression);
    if (part.kind !== 'entry') continue;
    const hashed = digest && typeOf(part.mode) === 'file' ? await hashOf(part) : undefined;
    if (hashed !== undefined) digests.set(part.ordinal, hashed);
    warnings.entry(part.path, rootfs.add(part, await heads(part)));
  }
  return { rootfs, digests, warnings: warnings.with(digest ? undefined : rootfs) };
}

/** The contents of the entries with these numbers, in their order. */
export async function* contentsOf(file: Bytes, wanted: ReadonlySet<number>): AsyncGenerator<ImageEntry> {
  let found = 0;
  for await (const part of readImage(file)) {
    if (part.kind !== 'entry' || !wanted.has(part.ordinal)) continue;
    yield part;
    found += 1;
    if (found === wanted.size) return;
  }
}

async function hashOf(entry: ImageEntry): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of entry.content()) hash.update(piece);
  return hash.digest('hex');
}

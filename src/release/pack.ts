import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { unwritable } from '../artifacts/full-disk.ts';
import type { Manifest } from '../artifacts/manifest.ts';
import { type Built, parseProvenance, provenanceName } from '../artifacts/provenance.ts';
import { manifestOf } from '../artifacts/store.ts';
import { digest, fileDigest } from '../digest.ts';
import { EulabError, status } from '../errors.ts';
import { released, renderSums, sbom, sums } from './members.ts';
import type { Part } from './sbom.ts';

/** One member of an archive. */
interface Member {
  readonly bytes: number;
  readonly sha256: string;
  content(): Readable;
}

/** What a release is made from. */
export interface ReleaseParts {
  readonly kernel: Product;
  readonly ramdisk: Product;
}

/** A product as it lies in a folder. */
export interface Product extends Part {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * A product that can be released: its files are those that were built, and there is a record of what they were made from.
 *
 * @throws EulabError (2) when there is none; EulabError when a file was changed.
 */
export async function productIn(folder: string, product: Built): Promise<Product> {
  const manifest = await manifestOf(folder, product);
  const again = `build it: ${manifest?.command ?? `eulab build ${product}`}`;
  if (manifest === undefined)
    throw new EulabError(`there is no ${product} in ${folder}`, { hint: again, exitCode: status.usage });
  const name = provenanceName(product);
  if (!manifest.files.some(({ path }) => path === name)) {
    throw new EulabError(`the ${product} has no record of what it was made from`, { hint: again, exitCode: status.usage });
  }
  for (const file of manifest.files.filter(({ path }) => product === 'ramdisk' || released(path))) {
    const found = await fileDigest(join(folder, file.path)).catch(() => undefined);
    if (found === file.sha256) continue;
    const what = found === undefined ? 'is not there any more' : 'was changed since eulab made it';
    throw new EulabError(`${join(folder, file.path)} ${what}`, { hint: again });
  }
  const file = join(folder, name);
  const record = parseProvenance(await readFile(file, 'utf8'), file);
  return { folder, manifest, record };
}

/** The members of a release, by name; `bill` is the text of its bill of materials. */
async function membersOf({ kernel, ramdisk }: ReleaseParts, bill: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>([[sbom, textMember(bill)]]);
  for (const { folder, manifest } of [kernel, ramdisk]) {
    for (const { path, sha256: digest } of manifest.files) {
      if (manifest.product === 'kernel' && !released(path)) continue;
      const file = join(folder, path);
      const { size } = await stat(file);
      members.set(path, { bytes: size, sha256: digest ?? '', content: () => createReadStream(file) });
    }
  }
  return members;
}

function textMember(text: string): Member {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, sha256: digest(bytes), content: () => Readable.from([bytes]) };
}

/**
 * Writes a release, whole or not at all, and beside it `FILE.sha256`: a tar archive of what boots, the records and the bill of
 * materials, after a list of digests. The same parts give the same bytes. What is large in it is compressed already.
 *
 * @returns its digest.
 * @throws EulabError when it cannot be written.
 */
export async function writeRelease(
  parts: ReleaseParts,
  {
    file,
    bill,
    epoch,
    signal,
  }: { readonly file: string; readonly bill: string; readonly epoch: number; readonly signal: AbortSignal },
): Promise<string> {
  const members = await membersOf(parts, bill);
  const list = textMember(renderSums(new Map([...members].map(([name, member]) => [name, member.sha256]))));
  const draft = `${file}.${process.pid}.part`;
  try {
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
    await writeTar([[sums, list], ...sorted], { file: draft, epoch, signal });
    const whole = await fileDigest(draft);
    await rename(draft, file);
    await writeFile(`${file}.sha256`, `${whole}  ${basename(file)}\n`);
    return whole;
  } catch (error) {
    throw unwritable(error, file);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeTar(
  members: readonly (readonly [string, Member])[],
  { file, epoch, signal }: { readonly file: string; readonly epoch: number; readonly signal: AbortSignal },
): Promise<void> {
  const archive = pack();
  await using handle = await open(file, 'wx');
  const filled = (async () => {
    for (const [name, member] of members) {
      const header = {
        name,
        size: member.bytes,
        mode: 0o644,
        mtime: new Date(epoch * 1000),
        uid: 0,
        gid: 0,
        uname: '',
        gname: '',
      };
      await new Promise<void>((resolve, reject) => {
        const entry = archive.entry(header, (error) => (error ? reject(error) : resolve()));
        member.content().on('error', reject).pipe(entry);
      });
    }
    archive.finalize();
  })();
  // Whoever writes hears of it by the stream.
  filled.catch((error: Error) => archive.destroy(error));
  for await (const piece of archive) {
    signal.throwIfAborted();
    await handle.appendFile(piece as Uint8Array);
  }
  await filled;
  await handle.sync();
}

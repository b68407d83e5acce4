import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { extract } from 'tar-stream';
import { imageOf } from '../artifacts/kernel-names.ts';
import { type Built, type Provenance, parseProvenance, provenanceName } from '../artifacts/provenance.ts';
import { EulabError, isErrno } from '../errors.ts';
import { mostBytes, mostMembers, noRelease, parseSums, placeOf, sbom, sums } from './members.ts';

/** A release that was unpacked and is what it says. */
export interface Unpacked {
  /** The names of its members, without the list of digests. */
  readonly members: readonly string[];
  readonly kernel: Provenance;
  readonly ramdisk: Provenance;
}

/**
 * Unpacks a release into an empty folder and checks it: only members that belong to one, once each, ordinary files, no more than there
 * may be; each with the digest of the list in it, and of the record of what it was made from.
 *
 * @throws EulabError for anything else; what was written by then is for the caller to remove.
 */
export async function unpack(file: string, folder: string, signal: AbortSignal): Promise<Unpacked> {
  const digests = await extracted(file, folder, signal).catch((error: unknown) => {
    throw explained(error, file, signal);
  });
  const list = digests.get(sums);
  if (list === undefined) throw noRelease(file, `it has no ${sums}`);
  const listed = parseSums(await readFile(join(folder, sums), 'utf8'), file);
  digests.delete(sums);
  for (const [name, digest] of digests) {
    if (listed.get(name) === undefined) throw noRelease(file, `${name} is not in its ${sums}`);
    if (listed.get(name) !== digest) throw noRelease(file, `${name} has not the digest that its ${sums} says`);
  }
  for (const name of [imageOf([...digests.keys()]), 'config', sbom, ...listed.keys()]) {
    if (!digests.has(name)) throw noRelease(file, `it has no ${name}`);
  }
  const kernel = await recordIn(folder, 'kernel', { file, digests });
  const ramdisk = await recordIn(folder, 'ramdisk', { file, digests });
  return { members: [...digests.keys()].sort(), kernel, ramdisk };
}

/** Writes the members to a folder. Returns the digest of each. */
async function extracted(file: string, folder: string, signal: AbortSignal): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const archive = extract();
  const input = createReadStream(file, { highWaterMark: 1 << 18 });
  input.on('error', (error) => archive.destroy(error));
  input.pipe(archive);
  let bytes = 0;
  try {
    for await (const content of archive) {
      const { name, type, size = 0 } = content.header;
      bytes += size;
      const shown = JSON.stringify(name);
      if (type !== 'file') throw noRelease(file, `${shown} is a ${type ?? 'nothing'}, and only files have a place in a release`);
      if (placeOf(name) === undefined) throw noRelease(file, `${shown} has no place in a release`);
      if (digests.has(name)) throw noRelease(file, `${shown} is in it twice`);
      if (digests.size >= mostMembers) throw noRelease(file, `it has more than ${mostMembers} members`);
      if (bytes > mostBytes) throw noRelease(file, `it is larger than ${mostBytes} bytes when it is unpacked`);
      const place = join(folder, name);
      await mkdir(dirname(place), { recursive: true });
      const hash = createHash('sha256');
      await using out = await open(place, 'wx', 0o644);
      for await (const piece of content) {
        signal.throwIfAborted();
        hash.update(piece as Uint8Array);
        await out.appendFile(piece as Uint8Array);
      }
      digests.set(name, hash.digest('hex'));
    }
  } finally {
    input.destroy();
  }
  return digests;
}

async function recordIn(
  folder: string,
  product: Built,
  { file, digests }: { readonly file: string; readonly digests: ReadonlyMap<string, string> },
): Promise<Provenance> {
  const name = provenanceName(product);
  if (!digests.has(name)) throw noRelease(file, `it has no ${name}`);
  const record = parseProvenance(await readFile(join(folder, name), 'utf8'), `${file}: ${name}`);
  if (record.product !== product) throw noRelease(file, `${name} is one of a ${record.product}`);
  for (const [member, digest] of digests) {
    if (placeOf(member) !== product || member === name) continue;
    if (record.outputs.get(member) !== digest) throw noRelease(file, `${member} is not what its record says was built`);
  }
  const main = [...digests.keys()].filter((member) => placeOf(member) === product && record.outputs.has(member));
  if (main.length === 0) throw noRelease(file, `it has no ${product}`);
  if (product === 'ramdisk' && main.length > 1) throw noRelease(file, `it has more than one initramfs`);
  return record;
}

/** What the archive's reader complains of, for the user. */
function explained(error: unknown, file: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof EulabError) return error;
  if (isErrno(error) && /^E[A-Z]+$/.test(error.code ?? '')) {
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
      return new EulabError(`no space is left to unpack ${file}`, { cause: error });
    return new EulabError(`${file} cannot be unpacked: ${error.message}`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return noRelease(file, /unexpected end|premature/i.test(text) ? 'it is cut short' : `it is no tar archive (${text})`);
}

import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures } from '../architectures.ts';
import { markCache } from '../artifacts/cache.ts';
import { archFolder } from '../artifacts/kernel-names.ts';
import { lock } from '../artifacts/lock.ts';
import { type FileRecord, lockName, type Manifest } from '../artifacts/manifest.ts';
import { provenanceName, renderProvenance } from '../artifacts/provenance.ts';
import { flushed } from '../artifacts/record.ts';
import { current, stage } from '../artifacts/store.ts';
import { listsFor } from '../container/packages.ts';
import { EulabError, isErrno, status } from '../errors.ts';
import { parseSource } from '../source/spec.ts';
import { isEmpty, type Layer, layerOf, type Wish } from './additions/layer.ts';
import { keptBase } from './base.ts';
import { methods, settled } from './compression.ts';
import { contents } from './content.ts';
import { newc } from './cpio.ts';
import { type Entry, file } from './entry.ts';
import { skeleton } from './guest.ts';
import { checkPacked } from './image/check.ts';
import { packArchive } from './pack.ts';
import { buildBase } from './programs.ts';
import { ramdiskFiles, ramdiskRecipe, watched } from './recipe.ts';
import type { RamdiskRequest } from './request.ts';
import { tree } from './tree.ts';
import { walk } from './walk.ts';

/**
 * Builds the initramfs into artifacts/, unless the one there was made from the same request.
 *
 * What every guest has is built once and kept in the cache, as an archive; what the user adds follows it as another.
 *
 * @returns its manifest, and whether anything was built.
 * @throws EulabError when the source, an engine or the compiler fails, or what is added is refused; artifacts/ is then as it was.
 */
export async function buildRamdisk(request: RamdiskRequest): Promise<{ readonly manifest: Manifest; readonly built: boolean }> {
  const { workspace, report, signal, wish } = request;
  const compression = (bytes: number) => settled(request.compression, bytes, request.able);
  const artifacts = archFolder(workspace.artifacts, request.arch);
  const guest = tree([...skeleton(), ...(await guestFiles(join(workspace.utils, 'guest')))]);
  const ready = request.busybox === undefined ? undefined : await readBusybox(request.busybox);
  const spec = parseSource(request.source, 'busybox');
  const baseKey = await requestKey(request, guest, ready);
  const plain = isEmpty(wish);
  const keyOf = (layer: string) =>
    createHash('sha256')
      .update(JSON.stringify([baseKey, compression(0), compression(Number.POSITIVE_INFINITY), layer]))
      .digest('hex');

  await markCache(workspace.cache);
  await mkdir(artifacts, { recursive: true });
  await using _lock = await lock(join(artifacts, lockName('ramdisk')), request.command, { signal, report });
  const fresh = request.force || spec.kind === 'folder';
  const made = async (key: string) => (fresh ? undefined : await madeBefore(artifacts, key));
  const early = plain ? await made(keyOf('')) : undefined;
  if (early !== undefined) return early;

  const kept = keptBase(workspace.cache, baseKey);
  const base =
    (fresh ? undefined : kept.found()) ?? (await kept.make((file) => buildBase(request, { guest, ready, spec, file })));
  const layer = plain ? undefined : await layerOf(wish, base.layout);
  const key = keyOf(layer?.identity ?? '');
  const same = plain ? undefined : await made(key);
  if (same !== undefined) return same;
  await using staging = await stage(artifacts, 'ramdisk');
  if (layer !== undefined) report({ kind: 'step', text: `packing ${layer.entries.length} files and folders more` });
  const how = compression((await stat(base.file)).size + (layer?.bytes ?? 0));
  const name = `initramfs.cpio${methods[how.method].ending}`;
  const image = join(staging.folder, name);
  const watch = layer === undefined ? undefined : watched(layer);
  const { sha256 } = await packArchive(archives(base.file, watch?.entries, request.epoch), image, how);
  const facts = { ...base.inputs, arch: architectures[request.arch].word };
  const inputs = layer === undefined ? facts : { ...facts, ...additionsIn(wish, layer) };
  // The disk takes its time for what is looked at meanwhile.
  const [packed] = await Promise.all([flushed(staging.folder, name, sha256), checkPacked(image, report)]);
  const recipe = await ramdiskRecipe(request, base.record, { how, added: watch?.inputs() ?? [] });
  const record = { path: provenanceName('ramdisk'), text: (files: readonly FileRecord[]) => renderProvenance(recipe, files) };
  return { manifest: await staging.commit({ key, inputs, command: request.command, record }, [packed]), built: true };
}

async function madeBefore(artifacts: string, key: string) {
  const found = await current(artifacts, 'ramdisk', key);
  return found.state === 'current' ? { manifest: found.manifest, built: false } : undefined;
}

/** An archive, and behind it the layer as another; the first ends at a multiple of 512, where the kernel looks for the next. */
async function* archives(base: string, layer: readonly Entry[] | undefined, epoch: number): AsyncGenerator<Uint8Array> {
  yield* contents(base);
  if (layer !== undefined) yield* newc(layer, epoch);
}

/** What was added, for the manifest. */
function additionsIn(wish: Wish, { identity }: Layer): Record<string, string> {
  const { add, overlay, program, packages, init, service, modules } = wish;
  const versions = packages.unpacked.map(({ name }) => name);
  const all = {
    add,
    overlay,
    program,
    package: versions,
    init: init === undefined ? [] : [init],
    service,
    module: modules?.named ?? [],
  };
  const said = Object.entries(all).filter(([, values]) => values.length > 0);
  return { ...Object.fromEntries(said.map(([name, values]) => [name, values.join(' ')])), additions: identity };
}

async function readBusybox(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const why = isErrno(error) ? error.code : String(error);
    throw new EulabError(`cannot read ${path}: ${why}`, {
      hint: 'name a static busybox with --busybox, or leave it out to build one',
      exitCode: status.usage,
    });
  }
}

/** utils/guest, read whole: it is a few kilobytes. */
async function guestFiles(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of walk(folder)) {
    if (entry.type === 'directory') continue;
    if (entry.type !== 'file') entries.push(entry);
    else entries.push(file(entry.path, await readFile(join(folder, entry.path)), executable(entry.path) ? 0o755 : 0o644));
  }
  return entries;
}

/** Said here and not by the file's mode, which a package manager or a checkout may change. */
function executable(path: string): boolean {
  return path.endsWith('.script') || path.startsWith('etc/network/if-');
}

async function requestKey(request: RamdiskRequest, guest: readonly Entry[], busybox: Uint8Array | undefined): Promise<string> {
  const { arch, source, sites, engine, baseImage, epoch, workspace } = request;
  const hash = createHash('sha256');
  const files = await ramdiskFiles(workspace.home, engine, listsFor(arch));
  // What was made before there were records is made again.
  hash.update(JSON.stringify(['recorded', arch, source, sites, engine, baseImage ?? '', epoch]));
  for (const file of files) hash.update(await readFile(join(workspace.home, file)));
  for (const entry of guest) {
    hash.update(`${entry.type} ${entry.path} ${entry.mode}\0`);
    if (entry.type === 'file' && entry.data instanceof Uint8Array) hash.update(entry.data);
  }
  if (busybox !== undefined) hash.update(busybox);
  return hash.digest('hex');
}

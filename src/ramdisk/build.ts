import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { markCache } from '../artifacts/cache.ts';
import { lock } from '../artifacts/lock.ts';
import { lockName, type Manifest } from '../artifacts/manifest.ts';
import { current, stage } from '../artifacts/store.ts';
import { isObject, type Job } from '../container/engine.ts';
import type { BuildRequest } from '../container/request.ts';
import { type Engine, engine, execute, artifacts as inContainer } from '../container/select.ts';
import { CommandError, EulabError, isErrno, status } from '../errors.ts';
import { busyboxSource } from '../source/busybox.ts';
import { scratch } from '../source/scratch.ts';
import type { Sites, Source } from '../source/source.ts';
import { parseSource } from '../source/spec.ts';

import { busyboxTree } from './applets.ts';
import { elf } from './elf.ts';
import { type Entry, file } from './entry.ts';
import { skeleton } from './guest.ts';
import { checkPacked } from './image/check.ts';
import { pack } from './pack.ts';
import { untar } from './tar.ts';
import { merge, tree } from './tree.ts';
import { walk } from './walk.ts';

/** A ramdisk as the user asked for it. */
export interface RamdiskRequest extends BuildRequest {
  /** Of busybox. */
  readonly source: string;
  /** Where the source is fetched from, where it is not the usual site. */
  readonly sites: Partial<Sites>;
  /** A ready program instead of a source. */
  readonly busybox: string | undefined;
}

export const imageName = 'initramfs.cpio.gz';

/**
 * Builds the initramfs into artifacts/, unless the one there was made from the same request.
 *
 * @returns its manifest, and whether anything was built.
 * @throws EulabError when the source, an engine or the compiler fails; artifacts/ is then as it was.
 */
export async function buildRamdisk(request: RamdiskRequest): Promise<{ readonly manifest: Manifest; readonly built: boolean }> {
  const { workspace, report, signal } = request;
  const { artifacts } = workspace;
  const guest = tree([...skeleton(), ...(await guestFiles(join(workspace.utils, 'guest')))]);
  const spec = parseSource(request.source, 'busybox');
  const ready = request.busybox === undefined ? undefined : await readBusybox(request.busybox);
  const key = await requestKey(request, guest, ready);

  await markCache(workspace.cache);
  await using _lock = await lock(join(artifacts, lockName('ramdisk')), request.command, { signal, report });
  if (!request.force && spec.kind !== 'folder') {
    const found = await current(artifacts, 'ramdisk', key);
    if (found.state === 'current') return { manifest: found.manifest, built: false };
  }
  await using staging = await stage(artifacts, 'ramdisk');
  const image = join(staging.folder, imageName);
  const write = async (programs: Iterable<Entry> | AsyncIterable<Entry>) => {
    await pack(merge(checked(programs), guest), image, request.epoch);
    await checkPacked(image, report);
  };
  const commit = (inputs: Record<string, string>) => staging.commit({ key, inputs, command: request.command });

  const where = await engine({
    ...request,
    wanted: request.engine,
    home: workspace.home,
    dockerfile: 'Dockerfile.ramdisk',
    tools: ready === undefined ? ['gcc', 'make', 'musl-gcc'] : ['gcc'],
  });
  if (ready !== undefined) {
    const programs = busyboxTree(ready, String(request.busybox));
    report({ kind: 'step', text: `packing ${request.busybox} and the agent` });
    await compile(request, where, undefined, (built) => write(merge(built, programs)));
    return { manifest: await commit({ source: String(request.busybox), engine: where.kind }), built: true };
  }
  const source = await busyboxSource(spec, { sites: request.sites, cache: workspace.cache, signal, report });
  report({ kind: 'step', text: `compiling busybox ${source.version}` });
  await compile(request, where, source, write);
  return { manifest: await commit({ ...provenance(source), engine: where.kind }), built: true };
}

/** Compiles busybox, where there is a source of it, and the agent; hands their tree to `write`, out of a container without touching the disk. */
async function compile(
  request: RamdiskRequest,
  where: Engine,
  source: Source | undefined,
  write: (programs: AsyncIterable<Entry>) => Promise<void>,
): Promise<void> {
  const { workspace, report, signal } = request;
  const lines: string[] = [];
  let done = 0;
  const onLine = (text: string) => {
    lines.push(text);
    report({ kind: 'line', text });
    if (text.startsWith('warning: did not stick')) report({ kind: 'warning', text: `busybox: ${text.replace('warning: ', '')}` });
    if (!isObject(text)) return;
    done += 1;
    report({ kind: 'progress', done, total: undefined, unit: 'objects' });
  };
  const job = await jobOf(request, source);
  try {
    if (where.kind === 'podman') {
      await using result = await inContainer(where, job, { signal, onLine });
      await both(write(untar(result.stream)), result.ended);
    } else {
      await using folder = await scratch(join(workspace.cache, 'obj'));
      const [objects, out] = [join(folder.path, 'objects'), join(folder.path, 'out')];
      const env = { ...job.env, OBJ: objects, OUT: out, FRAGMENT: join(workspace.utils, 'busybox/config') };
      await execute(where, { ...job, env }, { signal, onLine });
      await write(walk(out));
    }
  } catch (error) {
    // An interrupted build breaks off at many ends at once; the signal is what happened.
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    const what = source === undefined ? "the guest's agent" : 'busybox';
    throw new EulabError(`${what} could not be built (${error.message})`, { details: lines.slice(-8), cause: error });
  }
}

/** The call of utils/busybox/build: for all of the guest's programs, or for the agent alone. */
async function jobOf({ workspace, jobs }: RamdiskRequest, source: Source | undefined): Promise<Job> {
  const script = { script: 'utils/busybox/build', dockerfile: 'Dockerfile.ramdisk' };
  if (source === undefined) return { ...script, env: { STEP: 'agent' }, mounts: [] };
  const ccache = join(workspace.cache, 'ccache');
  await mkdir(ccache, { recursive: true });
  return {
    ...script,
    env: { SRC: source.folder, JOBS: jobs === undefined ? '' : String(jobs), CCACHE_DIR: ccache },
    mounts: [
      { path: source.folder, writable: false },
      { path: ccache, writable: true },
    ],
  };
}

/** Waits for the packing and for the build behind it. Either's end breaks the other off; the cause is told, not the echo. */
async function both(packing: Promise<void>, building: Promise<void>): Promise<void> {
  const [packed, built] = await Promise.allSettled([packing, building]);
  if (packed.status === 'rejected' && packed.reason instanceof EulabError) throw packed.reason;
  if (built.status === 'rejected') throw built.reason;
  if (packed.status === 'rejected') throw packed.reason;
}

/** The same entries; the programs among them are looked at on their way: a guest without libraries needs static ones. */
async function* checked(programs: Iterable<Entry> | AsyncIterable<Entry>): AsyncGenerator<Entry> {
  const wanted = new Set(['bin/busybox', 'bin/eulab-agent']);
  for await (const entry of programs) {
    if (entry.type !== 'file' || !wanted.delete(entry.path)) {
      yield entry;
      continue;
    }
    const name = basename(entry.path);
    const bytes = entry.data instanceof Uint8Array ? entry.data : await buffer(entry.data);
    const { machine, ...facts } = elf(bytes, name);
    if (machine !== 'x86_64') throw new EulabError(`${name} is a program for another machine (${machine})`);
    if (!facts.static) throw new EulabError(`${name} is not static: it wants ${facts.interpreter ?? 'shared libraries'}`);
    yield file(entry.path, bytes, entry.mode);
  }
  for (const path of wanted) throw new EulabError(`the build made no ${path}`);
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
  const { source, sites, engine, baseImage, epoch, workspace } = request;
  const hash = createHash('sha256');
  const agent = (await readdir(join(workspace.home, 'utils/agent'))).toSorted().map((name) => `utils/agent/${name}`);
  const scripts = ['Dockerfile.ramdisk', 'utils/busybox/build', 'utils/busybox/config', 'utils/toolchain/packages', ...agent];
  hash.update(JSON.stringify([source, sites, engine, baseImage ?? '', epoch]));
  for (const script of scripts) hash.update(await readFile(join(workspace.home, script)));
  for (const entry of guest) {
    hash.update(`${entry.type} ${entry.path} ${entry.mode}\0`);
    if (entry.type === 'file' && entry.data instanceof Uint8Array) hash.update(entry.data);
  }
  if (busybox !== undefined) hash.update(busybox);
  return hash.digest('hex');
}

function provenance({ origin, version, digest, verified }: Source): Record<string, string> {
  return { source: origin, version, digest: digest ?? '', verified };
}

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ArchName, architectures, usualArch } from '../architectures.ts';
import { fullDisk, isFullDisk } from '../artifacts/full-disk.ts';
import { isObject, type Job, type Mount } from '../container/engine.ts';
import { execute, artifacts as inContainer, streams } from '../container/execute.ts';
import { listsFor } from '../container/packages.ts';
import { type Engine, engine } from '../container/select.ts';
import { CommandError, EulabError } from '../errors.ts';
import { busyboxSource } from '../source/busybox.ts';
import { scratch } from '../source/scratch.ts';
import type { Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { busyboxTree } from './applets.ts';
import type { Base } from './base.ts';
import { elf } from './elf.ts';
import { type Entry, file as entryOf } from './entry.ts';
import { pack } from './pack.ts';
import { baseRecord } from './recipe.ts';
import type { RamdiskRequest } from './request.ts';
import { untar } from './tar.ts';
import { merge } from './tree.ts';
import { walk } from './walk.ts';

/** What compiles a guest's programs on the host; `ready`: all but the agent. Pure. */
export function toolsFor(arch: ArchName, ready: boolean): string[] {
  const compiler = arch === usualArch ? 'musl-gcc' : `${architectures[arch].prefix}gcc`;
  if (ready) return [arch === usualArch ? 'gcc' : compiler];
  return ['gcc', 'make', compiler];
}

/** Builds what every guest has: the programs, out of their sources, and utils/guest. Returns the facts for manifest and record. */
export async function buildBase(
  request: RamdiskRequest,
  base: {
    readonly guest: readonly Entry[];
    readonly ready: Uint8Array | undefined;
    readonly spec: SourceSpec;
    readonly file: string;
  },
): Promise<Pick<Base, 'inputs' | 'record'>> {
  const { workspace, report, signal } = request;
  const { guest, ready, spec, file } = base;
  const write = async (programs: Iterable<Entry> | AsyncIterable<Entry>) => {
    await pack(merge(checked(programs, request.arch), guest), file, request.epoch, { method: 'none' });
  };
  const where = await engine({
    ...request,
    wanted: request.engine,
    home: workspace.home,
    cache: workspace.cache,
    dockerfile: 'Dockerfile.ramdisk',
    tools: toolsFor(request.arch, ready !== undefined),
    lists: listsFor(request.arch),
  });
  if (ready !== undefined) {
    const programs = busyboxTree(ready, String(request.busybox));
    report({ kind: 'step', text: `packing ${request.busybox} and the agent` });
    const used = await compile(request, where, undefined, (built) => write(merge(built, programs)));
    const record = await baseRecord(request, { spec, source: undefined, where, tools: used });
    return { inputs: { source: String(request.busybox), engine: where.kind }, record };
  }
  const source = await busyboxSource(spec, { sites: request.sites, cache: workspace.cache, signal, report });
  report({ kind: 'step', text: `compiling busybox ${source.version}` });
  const used = await compile(request, where, source, write);
  const record = await baseRecord(request, { spec, source, where, tools: used });
  return { inputs: { ...provenance(source), engine: where.kind }, record };
}

/** Compiles busybox, where there is a source of it, and the agent; hands their tree to `write`, out of a container without touching the disk. Returns what compiled. */
async function compile(
  request: RamdiskRequest,
  where: Engine,
  source: Source | undefined,
  write: (programs: AsyncIterable<Entry>) => Promise<void>,
): Promise<string[]> {
  const { workspace, report, signal } = request;
  const lines: string[] = [];
  const used: string[] = [];
  let done = 0;
  const onLine = (text: string) => {
    const tool = /^toolchain: (.*)/.exec(text)?.[1];
    if (tool !== undefined) used.push(tool);
    lines.push(text);
    report({ kind: 'line', text });
    if (text.startsWith('warning: did not stick')) report({ kind: 'warning', text: `busybox: ${text.replace('warning: ', '')}` });
    if (!isObject(text)) return;
    done += 1;
    report({ kind: 'progress', done, total: undefined, unit: 'objects' });
  };
  const job = await jobOf(request, source);
  try {
    if (streams(where)) {
      await using result = await inContainer(where, job, { signal, onLine });
      await both(write(untar(result.stream)), result.ended);
    } else {
      await using folder = await scratch(join(workspace.cache, 'obj'));
      const [objects, out] = [join(folder.path, 'objects'), join(folder.path, 'out')];
      const env = { ...job.env, OBJ: objects, OUT: out, FRAGMENT: join(workspace.utils, 'busybox/config') };
      const own: Mount[] = [
        { path: folder.path, writable: true, left: '^objects/' },
        { path: workspace.utils, writable: false, copy: 'kept' },
      ];
      const mounts = [...job.mounts, ...own];
      await execute(where, { ...job, env, mounts }, { signal, onLine });
      await write(walk(out));
    }
    return used;
  } catch (error) {
    // An interrupted build breaks off at many ends at once; the signal is what happened.
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    const full = lines.find((line) => line.includes('No space left on device'));
    if (full !== undefined || (await isFullDisk(workspace.cache))) {
      throw fullDisk(workspace.cache, { details: full === undefined ? [] : [full], cause: error });
    }
    const what = source === undefined ? "the guest's agent" : 'busybox';
    throw new EulabError(`${what} could not be built (${error.message})`, { details: lines.slice(-8), cause: error });
  }
}

/** The call of utils/busybox/build: for all of the guest's programs, or for the agent alone. */
async function jobOf({ workspace, arch, jobs, ccache }: RamdiskRequest, source: Source | undefined): Promise<Job> {
  const script = { script: 'utils/busybox/build', dockerfile: 'Dockerfile.ramdisk' };
  if (source === undefined) return { ...script, env: { STEP: 'agent', MACHINE: arch }, mounts: [] };
  const env = { MACHINE: arch, SRC: source.folder, JOBS: jobs === undefined ? '' : String(jobs) };
  const mounts: Mount[] = [{ path: source.folder, writable: false, copy: 'kept' }];
  if (ccache === false) return { ...script, env, mounts };
  const kept = join(workspace.cache, 'ccache');
  await mkdir(kept, { recursive: true });
  return { ...script, env: { ...env, CCACHE_DIR: kept }, mounts: [...mounts, { path: kept, writable: true, copy: 'stays' }] };
}

/** Waits for the packing and for the build behind it. Either's end breaks the other off; the cause is told, not the echo. */
async function both(packing: Promise<void>, building: Promise<void>): Promise<void> {
  const [packed, built] = await Promise.allSettled([packing, building]);
  if (packed.status === 'rejected' && packed.reason instanceof EulabError) throw packed.reason;
  if (built.status === 'rejected') throw built.reason;
  if (packed.status === 'rejected') throw packed.reason;
}

/** The same entries; the programs among them are looked at on their way: a guest without libraries needs static ones. */
async function* checked(programs: Iterable<Entry> | AsyncIterable<Entry>, arch: ArchName): AsyncGenerator<Entry> {
  const wanted = new Set(['bin/busybox', 'bin/eulab-agent']);
  for await (const entry of programs) {
    if (entry.type !== 'file' || !wanted.delete(entry.path)) {
      yield entry;
      continue;
    }
    const name = basename(entry.path);
    const bytes = entry.data instanceof Uint8Array ? entry.data : await buffer(entry.data);
    const { machine, ...facts } = elf(bytes, name);
    if (machine !== arch) throw new EulabError(`${name} is a program for another machine (${machine}, not ${arch})`);
    if (!facts.static) throw new EulabError(`${name} is not static: it wants ${facts.interpreter ?? 'shared libraries'}`);
    yield entryOf(entry.path, bytes, entry.mode);
  }
  for (const path of wanted) throw new EulabError(`the build made no ${path}`);
}

function provenance({ origin, version, digest, verified }: Source): Record<string, string> {
  return { source: origin, version, digest: digest ?? '', verified };
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures } from '../architectures.ts';
import { type Input, packagesOf, programsOf, type Recipe, type Said } from '../artifacts/provenance.ts';
import { imageInput, ownFiles, portable, userFile } from '../artifacts/recipe-inputs.ts';
import { containerFiles, listsFor } from '../container/packages.ts';
import { baseOf, type Engine } from '../container/select.ts';
import { digest } from '../digest.ts';
import type { EngineName } from '../engine-names.ts';
import { probe } from '../exec.ts';
import { exactSource, fileUri } from '../source/exact.ts';
import { folderHash } from '../source/folder-hash.ts';
import type { Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { version } from '../version.ts';
import type { Layer, Wish } from './additions/layer.ts';
import { methods } from './compression.ts';
import { stored } from './content.ts';
import type { Entry, Opened } from './entry.ts';
import type { Compressed } from './pack.ts';
import type { RamdiskRequest } from './request.ts';

/** What the guest's programs were made from: kept with them. */
export interface BaseRecord {
  readonly settled: Readonly<Record<string, Said>>;
  readonly inputs: readonly Input[];
}

/** The record of a base. `tools` is what utils/toolchain/versions printed. */
export async function baseRecord(
  request: RamdiskRequest,
  made: {
    readonly spec: SourceSpec;
    /** Undefined for a ready program. */
    readonly source: Source | undefined;
    readonly where: Engine;
    readonly tools: readonly string[];
  },
): Promise<BaseRecord> {
  const { workspace, signal } = request;
  const { spec, source, where, tools } = made;
  const hash =
    source !== undefined && spec.kind === 'folder' ? await folderHash(source.folder, workspace.cache, signal) : undefined;
  const program: Input[] =
    source === undefined ? [] : [{ role: 'source', name: 'busybox', ...exactSource(spec, source, 'busybox', hash?.hash) }];
  return {
    settled: {
      ...(source === undefined ? {} : { version: source.version }),
      engine: where.kind,
      programs: programsOf(tools),
    },
    inputs: [
      ...program,
      ...(await ownFiles(workspace, await ramdiskFiles(workspace.home, where.kind, listsFor(request.arch)))),
      ...imageInput(baseOf(where)),
      ...packagesOf(tools),
    ],
  };
}

/**
 * The files of eulab's own that go into an initramfs, or make it, by their paths below its folder: what its key is made from, and what
 * its record lists. The usual engine takes a container for granted. `more` are lists in utils/toolchain.
 */
export async function ramdiskFiles(home: string, engine: EngineName, more: readonly string[]): Promise<string[]> {
  const folders = ['utils/agent', 'utils/busybox', 'utils/guest'];
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(home, folder), { withFileTypes: true, recursive: true });
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(home.length + 1));
    }),
  );
  const container = engine === 'host' ? [] : ['Dockerfile.ramdisk', ...containerFiles(more)];
  return [...lists.flat(), 'utils/toolchain/versions', ...container].sort();
}

/** The recipe of an initramfs, for the record beside it. `added` are the files that a user put in. */
export async function ramdiskRecipe(
  request: RamdiskRequest,
  base: BaseRecord,
  { how, added }: { readonly how: Compressed; readonly added: readonly Input[] },
): Promise<Recipe> {
  const { workspace, arch, source, sites, busybox, engine, baseImage, epoch, command, wish } = request;
  const ready = busybox === undefined ? [] : [await userFile(workspace, busybox, '--busybox')];
  return {
    product: 'ramdisk',
    asked: {
      source,
      ...(busybox === undefined ? {} : { busybox: portable(workspace.root, busybox) }),
      ...wished(wish),
      arch: architectures[arch].word,
      // What the additions' paths are relative to.
      folder: portable(workspace.root, '.'),
      engine,
      epoch,
      command,
      ...(baseImage === undefined ? {} : { baseImage }),
      ...(Object.keys(sites).length === 0 ? {} : { sites: { ...sites } }),
    },
    settled: { ...base.settled, compression: await compressed(how) },
    inputs: [...ready, ...base.inputs, ...added],
    maker: version(),
  };
}

/** A wish in words and numbers alone. Pure. */
function wished({ add, overlay, program, packages, init, service, modules, machine }: Wish): Record<string, Said> {
  return {
    machine,
    ...given({ add, overlay, program, service }),
    ...(packages.unpacked.length === 0
      ? {}
      : { packages: { said: packages.said, unpacked: packages.unpacked.map(({ name, folder }) => ({ name, folder })) } }),
    ...(init === undefined ? {} : { init }),
    ...(modules === undefined
      ? {}
      : {
          modules: {
            named: modules.named,
            drivers: modules.drivers,
            list: modules.list,
            folder: modules.folder.path,
            version: modules.folder.version,
            ...(modules.magic === undefined ? {} : { magic: modules.magic }),
          },
        }),
  };
}

function given(lists: Readonly<Record<string, readonly string[]>>): Record<string, Said> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

/** How it is packed, and by which program. */
async function compressed({ method, level }: Compressed): Promise<Record<string, Said>> {
  const program = methods[method].program?.(1)[0];
  const said = async () => (program === undefined ? '' : (await probe({ file: program, args: ['--version'] })).stdout);
  const packer = method === 'gzip' ? `zlib ${process.versions.zlib}` : ((await said()).split('\n')[0] ?? '');
  return { method, ...(level === undefined ? {} : { level }), packer };
}

/** A layer whose files are looked at as they are packed: `inputs` are the host's among them, afterwards. */
export function watched({ entries, origins }: Layer): { readonly entries: readonly Entry[]; inputs(): Input[] } {
  const digests = new Map<string, string>();
  return {
    entries: entries.map((entry) => {
      if (entry.type !== 'file' || !('open' in entry.data) || !origins.has(entry.path)) return entry;
      const { path, data } = entry;
      return { ...entry, data: stored(() => hashed(data.open(), (sha256) => digests.set(path, sha256))) };
    }),
    inputs: () =>
      entries.flatMap(({ type, path }): Input[] => {
        const from = type === 'file' ? origins.get(path) : undefined;
        if (from === undefined) return [];
        // What was unpacked or changed on its way is not what lies there.
        const sha256 = digests.get(path) ?? digest(readFileSync(from));
        return [{ role: 'file', name: `/${path}`, uri: fileUri(from), digest: { sha256 }, facts: { path: from } }];
      }),
  };
}

/** The same file; `done` is told the digest of what was read of it. */
function hashed(file: Opened, done: (digest: string) => void): Opened {
  const hash = createHash('sha256');
  return {
    read(into) {
      const count = file.read(into);
      hash.update(into.subarray(0, count));
      return count;
    },
    [Symbol.dispose]() {
      done(hash.digest('hex'));
      file[Symbol.dispose]();
    },
  };
}

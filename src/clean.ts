import { lstat, readdir, realpath, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { foreignArchs } from './architectures.ts';
import { cacheEntry, cacheTag } from './artifacts/cache.ts';
import { diskUser } from './artifacts/disk-user.ts';
import { unwritable } from './artifacts/full-disk.ts';
import { astray, idle, within } from './artifacts/guard.ts';
import { archFolder, kernelsFolder } from './artifacts/kernel-names.ts';
import { holding, lock } from './artifacts/lock.ts';
import { type FileRecord, lockName, manifestName, type Product, products } from './artifacts/manifest.ts';
import { leftOvers, manifestOf } from './artifacts/store.ts';
import { ignore, measure, removeTree } from './artifacts/tree.ts';
import { fileDigest } from './digest.ts';
import { EulabError } from './errors.ts';
import { kernelName } from './kernel-values.ts';
import type { Workspace } from './workspace.ts';

/** What can be asked to be removed. */
export const cleanable = [...products, 'logs', 'cache'] as const;

export type Cleanable = (typeof cleanable)[number];

/** One thing to remove: a `folder` only if it is empty by then, a `tree` with all in it, a `lock` by taking it. */
export interface Removal {
  readonly kind: 'file' | 'tree' | 'folder' | 'lock';
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** What it is, such as "kernel" or "object files". */
  readonly why: string;
}

/** What would be removed, in this order, and what is left alone with the reason. */
export interface CleanPlan {
  readonly removals: readonly Removal[];
  readonly notes: readonly string[];
}

/**
 * What there is to remove: that which manifests, names of our own and the cache's tag say eulab made. Removes nothing.
 *
 * `what` empty means all but the cache. A file that is no longer what the manifest says is the user's, and left alone.
 *
 * @throws EulabError when a manifest is broken or names a path out of artifacts/, a symbolic link leads out of the
 *   workspace, the cache is not marked as eulab's, or a build is going on. Nothing has been touched then.
 */
export async function plan(workspace: Workspace, what: readonly Cleanable[], signal?: AbortSignal): Promise<CleanPlan> {
  const wanted = new Set<Cleanable>(what.length > 0 ? what : cleanable.filter((one) => one !== 'cache'));
  const parts: CleanPlan[] = [];
  const made = await lstat(workspace.artifacts).catch(() => undefined);
  if (made !== undefined) {
    await within(workspace.root, workspace.artifacts);
    for (const product of products) if (wanted.has(product)) parts.push(await productPlan(workspace, product, what, signal));
    for (const arch of foreignArchs)
      parts.push(await foreignPlan(workspace, archFolder(workspace.artifacts, arch), wanted, signal));
    if (wanted.has('kernel')) parts.push(await kernelsPlan(workspace, signal));
    if (wanted.has('logs')) parts.push(await logsPlan(workspace));
    const some = parts.some(({ removals }) => removals.length > 0);
    if (some) parts.push({ removals: [{ kind: 'folder', path: workspace.artifacts, bytes: 0, why: 'empty' }], notes: [] });
  }
  if (wanted.has('cache')) parts.push(await cachePlan(workspace, signal));
  return { removals: parts.flatMap(({ removals }) => removals), notes: parts.flatMap(({ notes }) => notes) };
}

/** As `plan`, for one of the kernels that are kept beside each other, by its folder. */
export async function kernelPlan({ root }: Workspace, folder: string, signal?: AbortSignal): Promise<CleanPlan> {
  await within(root, folder);
  const { removals, notes } = await productPlan({ root, artifacts: folder }, 'kernel', [], signal);
  return { removals: [...removals, { kind: 'folder', path: folder, bytes: 0, why: 'kernel' }], notes };
}

/** What lies in the folder of an architecture: its kernel in use, and its ramdisk. */
async function foreignPlan(
  { root }: Workspace,
  folder: string,
  wanted: ReadonlySet<Cleanable>,
  signal?: AbortSignal,
): Promise<CleanPlan> {
  if (!(await within(root, folder))) return { removals: [], notes: [] };
  const parts: CleanPlan[] = [];
  for (const product of ['kernel', 'ramdisk'] as const) {
    if (wanted.has(product)) parts.push(await productPlan({ root, artifacts: folder }, product, [], signal));
  }
  const removals = parts.flatMap((part) => part.removals);
  const last: Removal[] = removals.length === 0 ? [] : [{ kind: 'folder', path: folder, bytes: 0, why: 'empty' }];
  return { removals: [...removals, ...last], notes: parts.flatMap(({ notes }) => notes) };
}

async function kernelsPlan(workspace: Workspace, signal?: AbortSignal): Promise<CleanPlan> {
  const folder = kernelsFolder(workspace.artifacts);
  const entries = await readdir(folder, { withFileTypes: true }).catch(ignore('ENOENT'));
  if (entries === undefined) return { removals: [], notes: [] };
  const names = entries.filter((entry) => entry.isDirectory() && kernelName(entry.name)).map(({ name }) => name);
  const parts: CleanPlan[] = [];
  for (const name of names.sort()) parts.push(await kernelPlan(workspace, join(folder, name), signal));
  const last: Removal = { kind: 'folder', path: folder, bytes: 0, why: 'kernels' };
  return { removals: [...parts.flatMap(({ removals }) => removals), last], notes: parts.flatMap(({ notes }) => notes) };
}

/**
 * Removes what a plan lists, and returns how many bytes that were; what vanished meanwhile is no error.
 *
 * @throws EulabError when something cannot be removed, or lies behind a symbolic link by now.
 */
export async function apply({ removals }: CleanPlan, workspace: Workspace, signal?: AbortSignal): Promise<number> {
  let freed = 0;
  for (const removal of removals) {
    signal?.throwIfAborted();
    const { path, bytes } = removal;
    if (path.startsWith(`${workspace.artifacts}/`)) await within(workspace.root, dirname(path));
    await remove(removal, signal).catch((error: unknown) => {
      throw unwritable(error, dirname(path));
    });
    freed += bytes;
  }
  return freed;
}

async function remove({ kind, path }: Removal, signal: AbortSignal | undefined): Promise<void> {
  switch (kind) {
    case 'tree':
      return removeTree(path, signal);
    case 'folder':
      return rmdir(path).catch(ignore('ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EBUSY', 'EACCES'));
    case 'file':
      return unlink(path).catch(ignore('ENOENT'));
    case 'lock':
      // Taken and given back as a holder would: what a dead one left goes away, and no living one is disturbed.
      if ((await holding(path)) === undefined) await (await lock(path, 'eulab clean', { signal }))[Symbol.asyncDispose]();
  }
}

async function productPlan(
  { root, artifacts }: Pick<Workspace, 'root' | 'artifacts'>,
  product: Product,
  named: readonly Cleanable[],
  signal?: AbortSignal,
): Promise<CleanPlan> {
  const removals: Removal[] = [];
  const notes: string[] = [];
  const guard = join(artifacts, lockName(product));
  await idle(guard);
  const manifest = await manifestOf(artifacts, product);
  // Git keeps the folder by this file: whatever a manifest says, it is the repository's.
  const records = (manifest?.files ?? []).filter(({ path }) => path !== '.gitkeep');
  for (const record of records) {
    signal?.throwIfAborted();
    const path = join(artifacts, record.path);
    const there = await within(root, dirname(path));
    const state = there ? await (product === 'storage' ? disk(path, record, named) : ours(path, record)) : 'missing';
    if (typeof state === 'number') removals.push({ kind: 'file', path, bytes: state, why: product });
    else if (state !== 'missing') notes.push(`${relative(root, path)} ${state}: left alone`);
  }
  // The manifest is what tells a disk from the user's own files: it stays as long as one of them does.
  if (product === 'storage' && notes.length > 0) return { removals, notes };
  const folders = new Set(records.flatMap(({ path }) => parents(path)));
  // The deepest first; and the manifest last, so that a clean that is interrupted can be taken up again.
  for (const path of [...folders].sort().reverse())
    removals.push({ kind: 'folder', path: join(artifacts, path), bytes: 0, why: product });
  const file = join(artifacts, manifestName(product));
  if (manifest !== undefined) removals.push({ kind: 'file', path: file, bytes: (await lstat(file)).size, why: product });
  for (const { path, pid, product: of, live } of await leftOvers(artifacts)) {
    if (of !== product) continue;
    if (live) notes.push(`${relative(root, path)} is in use by process ${pid}: left alone`);
    else
      removals.push({
        kind: 'tree',
        path,
        bytes: await measure(path, signal),
        why: `left by a ${product} build that was killed`,
      });
  }
  const locked = (await readdir(artifacts)).some((name) => name.startsWith(lockName(product)));
  if (locked) removals.push({ kind: 'lock', path: guard, bytes: 0, why: 'its holder is gone' });
  return { removals, notes };
}

/** The folders above a path of a manifest, below artifacts/. */
function parents(path: string): string[] {
  const above = dirname(path);
  return above === '.' ? [] : [above, ...parents(above)];
}

const changed = 'was changed since eulab made it';

/** How many bytes go with a file that is still what eulab made; else why it stays, or that it is not there. */
async function ours(path: string, record: FileRecord): Promise<number | typeof changed | 'missing'> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 'missing';
  if (!found.isFile() || found.size !== record.bytes) return changed;
  if (record.sha256 !== undefined && (await fileDigest(path)) !== record.sha256) return changed;
  // Of a file with several names, as the kernel in use has, each takes its part.
  return Math.floor(found.size / found.nlink);
}

/** The same for a disk: what a guest has written to it is data, which goes only when disks were named. */
async function disk(path: string, record: FileRecord, named: readonly Cleanable[]): Promise<number | string> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 'missing';
  if (!found.isFile()) return changed;
  const user = diskUser(path, true);
  if (user !== undefined) return `is in use by ${user.program ?? 'another'} (process ${user.pid ?? 'unknown'})`;
  const same = found.size === record.bytes && found.mtimeMs === record.mtimeMs;
  // What it takes on the host: most of a disk is holes.
  if (same || named.includes('storage')) return Math.min(found.size, found.blocks * 512);
  return 'was written to (to remove it: eulab clean storage)';
}

async function logsPlan({ root, artifacts }: Workspace): Promise<CleanPlan> {
  const folder = join(artifacts, 'logs');
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) return { removals: [], notes: [] };
  const removals: Removal[] = [];
  const notes: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile() && entry.name.endsWith('.log')) {
      removals.push({ kind: 'file', path, bytes: (await lstat(path)).size, why: 'log' });
    } else notes.push(`${relative(root, path)} is no log of eulab: left alone`);
  }
  return { removals: [...removals, { kind: 'folder', path: folder, bytes: 0, why: 'logs' }], notes };
}

async function cachePlan({ root, artifacts, cache }: Workspace, signal?: AbortSignal): Promise<CleanPlan> {
  const names = (await readdir(cache).catch(ignore('ENOENT', 'ENOTDIR')))?.sort();
  if (names === undefined) return { removals: [], notes: [] };
  const tag = await cacheTag(cache);
  if (tag === undefined) {
    throw new EulabError(`${cache} is not marked as a cache of eulab (no CACHEDIR.TAG of its own): nothing was removed`, {
      hint: `look into it, and remove it yourself: rm -r ${cache}`,
    });
  }
  for (const folder of [artifacts, ...foreignArchs.map((arch) => archFolder(artifacts, arch))]) {
    for (const product of products) await idle(join(folder, lockName(product)));
  }
  const removals: Removal[] = [];
  const notes: string[] = [];
  const here = `${await realpath(root)}/`;
  for (const name of names) {
    const path = join(cache, name);
    const why = cacheEntry(name);
    if (path === tag.path) continue;
    if (why === undefined) {
      notes.push(`${path} is not eulab's: left alone`);
      continue;
    }
    const found = await lstat(path);
    if (!found.isDirectory()) throw astray(path, found.isSymbolicLink() ? 'is a symbolic link' : 'is no folder');
    if (here.startsWith(`${await realpath(path)}/`)) throw astray(path, `holds the workspace ${root}`);
    if (name === 'obj' || name === 'locks') {
      for (const file of await readdir(path)) if (file.endsWith('.lock')) await idle(join(path, file));
    }
    removals.push({ kind: 'tree', path, bytes: await measure(path, signal), why });
  }
  // The tag last: without it a clean that is interrupted could not be taken up again.
  removals.push({ kind: 'file', path: tag.path, bytes: tag.bytes, why: 'the mark of the cache' });
  return { removals: [...removals, { kind: 'folder', path: cache, bytes: 0, why: 'empty' }], notes };
}

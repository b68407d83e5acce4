import { lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { digest, fileDigest } from '../digest.ts';
import { EulabError, isErrno } from '../errors.ts';
import { unwritable } from './full-disk.ts';
import { running, self } from './holder.ts';
import { broken, type FileRecord, type Manifest, manifestName, type Product, parseManifest, renderManifest } from './manifest.ts';
import { flushed, untouched } from './record.ts';

/** A folder in which a product is put together, unseen until it is whole. */
export interface Staging extends AsyncDisposable {
  /** Beside the outputs, on their file system; what is put here becomes the product's files, sub-folders included. */
  readonly folder: string;
  /**
   * Moves everything to its place in artifacts/ and writes the manifest, last. A file that is still as a record in `known` has it
   * is not read again. @throws EulabError, as `unwritable` says.
   */
  commit(made: Made, known?: readonly FileRecord[]): Promise<Manifest>;
}

/** What is said of a product when it is made. */
export interface Made extends Pick<Manifest, 'key' | 'inputs' | 'command' | 'name'> {
  /** One more file, that is written from what is known of the others. */
  readonly record?: { readonly path: string; readonly text: (files: readonly FileRecord[]) => string } | undefined;
}

/** Whether a product need not be made again; `file` is the one that is missing or changed. */
export type Currency =
  | { readonly state: 'current'; readonly manifest: Manifest }
  | { readonly state: 'missing' | 'changed'; readonly file: string }
  /** It was made from other inputs. */
  | { readonly state: 'key' };

/**
 * Whether the product of this key lies in artifacts/ as eulab left it. Reads the manifest and asks for the size and time
 * of each file, no more: when nothing is to do, this is all that is done.
 *
 * @throws EulabError when the manifest is broken.
 */
export async function current(artifacts: string, product: Product, key: string): Promise<Currency> {
  const manifest = await manifestOf(artifacts, product);
  if (manifest === undefined) return { state: 'missing', file: manifestName(product) };
  if (manifest.key !== key) return { state: 'key' };
  for (const record of manifest.files) {
    const found = await untouched(artifacts, record);
    if (found !== 'same') return { state: found, file: record.path };
  }
  return { state: 'current', manifest };
}

/** A product's manifest, undefined when there is none. @throws EulabError when it is broken or of another product. */
export async function manifestOf(artifacts: string, product: Product): Promise<Manifest | undefined> {
  const file = join(artifacts, manifestName(product));
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    if (isErrno(error)) throw new EulabError(`cannot read ${file}: ${error.message}`, { cause: error });
    throw error;
  }
  const manifest = parseManifest(text, file);
  if (manifest.product !== product) throw broken(file, `it is one of ${manifest.product}`, undefined);
  return manifest;
}

/**
 * A new staging folder for a product. Disposed without `commit`, nothing of it remains; what dead runs left of theirs is
 * removed. Commits of one product at the same time are for the caller to prevent, with `lock`.
 *
 * @throws EulabError as `unwritable` says.
 */
export async function stage(artifacts: string, product: Product): Promise<Staging> {
  let folder: string;
  try {
    await mkdir(artifacts, { recursive: true });
    for (const { path, live } of await leftOvers(artifacts)) if (!live) await rm(path, { recursive: true, force: true });
    const { pid, start } = self();
    folder = await mkdtemp(join(artifacts, `.${product}.${pid}.${start}.`));
  } catch (error) {
    throw unwritable(error, artifacts);
  }
  return {
    folder,
    async commit(made, known = []) {
      try {
        return await publish({ artifacts, product, staging: folder, known: new Map(known.map((one) => [one.path, one])) }, made);
      } catch (error) {
        throw unwritable(error, artifacts);
      }
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The staging folders in artifacts/; `live` while the process that made one still runs. */
export async function leftOvers(artifacts: string): Promise<{ path: string; product: string; pid: number; live: boolean }[]> {
  const found = [];
  for (const entry of await readdir(artifacts, { withFileTypes: true })) {
    const [, product, pid, start] = /^\.([a-z]+)\.(\d+)\.(\d+)\.\w{6}$/.exec(entry.name) ?? [];
    if (!entry.isDirectory() || product === undefined || pid === undefined || start === undefined) continue;
    found.push({ path: join(artifacts, entry.name), product, pid: Number(pid), live: await running(Number(pid), start) });
  }
  return found;
}

/** A product that is ready to be put in its place. */
interface Publication {
  readonly artifacts: string;
  readonly product: Product;
  readonly staging: string;
  readonly known: ReadonlyMap<string, FileRecord>;
}

async function publish({ artifacts, product, staging, known }: Publication, { record, ...made }: Made): Promise<Manifest> {
  const files: FileRecord[] = [];
  for (const path of await regularFiles(staging)) {
    const earlier = known.get(path);
    const same = earlier?.sha256 !== undefined && (await untouched(staging, earlier)) === 'same';
    files.push(same ? earlier : await flushed(staging, path, await fileDigest(join(staging, path))));
  }
  if (record !== undefined) {
    const text = record.text(files);
    await writeFile(join(staging, record.path), text);
    files.push(await flushed(staging, record.path, digest(text)));
  }
  // A manifest that cannot be read is no reason to throw the new product away: it is about to be replaced.
  const earlier = await manifestOf(artifacts, product).catch(() => undefined);
  const manifest: Manifest = { schema: 1, product, ...made, files };
  const draft = join(staging, '.manifest');
  const folders = new Set([artifacts, ...files.map(({ path }) => dirname(join(artifacts, path)))]);
  // All that takes space, or may find its place taken, comes before the first change; what is left are renames.
  await free(artifacts, files);
  await writeSafely(draft, renderManifest(manifest));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  for (const { path } of files) await rename(join(staging, path), join(artifacts, path));
  await dropOld(artifacts, earlier?.files ?? [], new Set(files.map(({ path }) => path)));
  for (const folder of folders) await syncFolder(folder);
  await rename(draft, join(artifacts, manifestName(product)));
  await syncFolder(artifacts);
  return manifest;
}

/** The files below a folder, as paths relative to it, sorted. @throws Error for what is neither a file nor a folder. */
async function regularFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = relative(folder, join(entry.parentPath, entry.name));
      if (!entry.isFile()) throw new Error(`${path} was staged and is no regular file`);
      return path;
    })
    .sort();
}

/** Checks that each place is free or a file, before the first of them changes. */
async function free(artifacts: string, files: readonly FileRecord[]): Promise<void> {
  for (const { path } of files) {
    const there = await lstat(join(artifacts, path)).catch(() => undefined);
    if (there?.isDirectory()) {
      const folder = join(artifacts, path);
      throw new EulabError(`${folder} is a folder, where a file is to go`, { hint: `move it away: mv ${folder} ${folder}.old` });
    }
  }
}

/** Removes what the product no longer has, unless the user has changed it: then it is theirs. */
async function dropOld(artifacts: string, old: readonly FileRecord[], kept: ReadonlySet<string>): Promise<void> {
  for (const record of old) {
    if (kept.has(record.path) || (await untouched(artifacts, record)) !== 'same') continue;
    await rm(join(artifacts, record.path), { force: true });
    await emptied(artifacts, dirname(record.path));
  }
}

/** Removes the folder and those above it, up to artifacts/, as far as they are empty. */
async function emptied(artifacts: string, folder: string): Promise<void> {
  for (let path = folder; path !== '.'; path = dirname(path)) {
    try {
      await rmdir(join(artifacts, path));
    } catch {
      return;
    }
  }
}

async function writeSafely(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames in a folder last through a loss of power. @see fsync(2) */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

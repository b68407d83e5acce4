import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { unwritable } from './full-disk.ts';
import { type FileRecord, type Manifest, manifestName, renderManifest } from './manifest.ts';
import { manifestOf } from './store.ts';

/** A disk of the workspace. */
export interface StoredDisk {
  readonly name: string;
  /** Its path. */
  readonly file: string;
  /** By the file's name, which no guest can change; its first bytes a guest writes. */
  readonly format: Format;
}

export const formats = ['raw', 'qcow2'] as const;

export type Format = (typeof formats)[number];

const suffixes: { readonly [F in Format]: string } = { raw: '.img', qcow2: '.qcow2' };

/** As long as the serial number of a virtio disk, which is its name. @see VIRTIO_BLK_ID_BYTES, linux/virtio_blk.h */
export const longestName = 20;

/** Whether a word can be a disk's name: it must pass as a file name, an option's value and a serial number. Pure. */
export function diskName(word: string): boolean {
  return word.length <= longestName && /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(word);
}

/** The path of a disk in artifacts/, relative to it. Pure. */
export function diskPath(name: string, format: Format): string {
  return `storage/${name}${suffixes[format]}`;
}

/** The disks of a workspace, by name. */
export function storedDisks(artifacts: string): StoredDisk[] {
  const folder = join(artifacts, 'storage');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((entry) =>
      formats.flatMap((format) => {
        const name = entry.endsWith(suffixes[format]) ? entry.slice(0, -suffixes[format].length) : '';
        return diskName(name) ? [{ name, file: join(folder, entry), format }] : [];
      }),
    );
}

/** The disk of that name, undefined when there is none. */
export function storedDisk(artifacts: string, name: string): StoredDisk | undefined {
  if (!diskName(name)) return undefined;
  return formats
    .map((format) => ({ name, file: join(artifacts, diskPath(name, format)), format }))
    .find(({ file }) => existsSync(file));
}

/** The error for a name that no disk has, with the nearest that one has; status 2. */
export function noDisk(artifacts: string, name: string): EulabError {
  const known = storedDisks(artifacts).map((disk) => disk.name);
  const others =
    known.length > 0 ? `there is: ${known.join(', ')}` : `make it: eulab disk create ${diskName(name) ? name : 'NAME'} 2G`;
  return new EulabError(`no disk ${JSON.stringify(name)}`, {
    hint: didYouMean(name, known, others),
    exitCode: status.usage,
  });
}

/** Up to `count` bytes of a file from `offset` on. @throws the errors of open(2) and read(2) */
export function bytesAt(file: string, offset: number, count: number): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = new Uint8Array(count);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, count, offset));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Puts a disk that is ready in its place and into the manifest. The caller holds the lock of the product.
 *
 * `draft` is on the file system of artifacts/. A file that is there already is replaced only with `replace`.
 *
 * @throws EulabError when there is one, or as `unwritable` says.
 */
export async function keepDisk(
  artifacts: string,
  path: string,
  draft: string,
  facts: { readonly replace: boolean; readonly inputs: string; readonly command: string },
): Promise<void> {
  const file = join(artifacts, path);
  try {
    const manifest = await manifestOf(artifacts, 'storage');
    await flush(draft);
    await mkdir(dirname(file), { recursive: true });
    // A link does not replace what another put there meanwhile.
    if (facts.replace) await rename(draft, file);
    else await link(draft, file);
    const { size, mtimeMs } = await lstat(file);
    await writeManifest(artifacts, manifest, path, { path, bytes: size, mtimeMs }, facts);
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') throw new EulabError(`${file} exists already`, { exitCode: status.usage });
    throw unwritable(error, artifacts);
  }
}

/** Removes a disk and its line of the manifest. The caller holds the lock of the product. */
export async function dropDisk(artifacts: string, path: string): Promise<void> {
  const manifest = await manifestOf(artifacts, 'storage');
  try {
    await rm(join(artifacts, path), { force: true });
    if (manifest !== undefined) await writeManifest(artifacts, manifest, path, undefined, undefined);
  } catch (error) {
    throw unwritable(error, artifacts);
  }
}

async function writeManifest(
  artifacts: string,
  earlier: Manifest | undefined,
  path: string,
  record: FileRecord | undefined,
  facts: { readonly inputs: string; readonly command: string } | undefined,
): Promise<void> {
  const { [path]: _, ...others } = earlier?.inputs ?? {};
  const files = (earlier?.files ?? []).filter((file) => file.path !== path);
  const place = join(artifacts, manifestName('storage'));
  if (record === undefined && files.length === 0) return rm(place, { force: true });
  const manifest: Manifest = {
    schema: 1,
    product: 'storage',
    // A disk is made once and then written to by guests: nothing is ever made again because its inputs changed.
    key: 'disks',
    files: record === undefined ? files : [...files, record],
    inputs: facts === undefined ? others : { ...others, [path]: facts.inputs },
    command: facts?.command ?? earlier?.command ?? '',
  };
  const draft = `${place}.${process.pid}`;
  await writeFile(draft, renderManifest(manifest));
  await flush(draft);
  await rename(draft, place);
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

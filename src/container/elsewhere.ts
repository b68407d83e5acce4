import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { digest } from '../digest.ts';
import { locate, missing, probe, run } from '../exec.ts';
import { mountsOf } from './call.ts';
import { createVolume, foldersOf, held, listVolumes, removeVolume, volumeName } from './copy.ts';
import type { Image, Job, Mounted } from './engine.ts';
import { bringBack, type Copy, type Elsewhere, type Errand, upToDate } from './transfer.ts';
import type { Way } from './way.ts';

/** The copies of a job's folders. Those that no other job needs are removed when it is disposed. */
export interface Copies extends AsyncDisposable {
  readonly mounts: readonly Mounted[];
  /** Shell for the job's beginning: it ends with `strange` when another has taken the place of a copy. */
  readonly before: string;
  /** Brings what was made into our folders. */
  back(): Promise<void>;
  /** Has all be sent anew the next time. */
  forget(): Promise<void>;
}

/**
 * Brings the copies of a job's folders up to date: the first time all of a folder is sent, later what has changed of it.
 *
 * @throws EulabError when that fails.
 */
export async function copies(image: Image, job: Job, elsewhere: Elsewhere, signal: AbortSignal | undefined): Promise<Copies> {
  if (locate('tar') === undefined) throw missing('tar');
  const errand: Errand = { image, elsewhere, packer: locate('zstd') === undefined ? 'gzip' : 'zstd', signal };
  await mkdir(elsewhere.lists, { recursive: true });
  const mounts: Mounted[] = [];
  const sent: Copy[] = [];
  const short: string[] = [];
  for (const mount of mountsOf(job, image)) {
    const volume = volumeName(owner(), mount.path);
    mounts.push({ ...mount, volume });
    if (mount.copy === undefined) short.push(volume);
    const isThere = await volumeFor(errand, volume, mount.path);
    if (mount.copy !== 'stays') sent.push(await upToDate(errand, mount, volume, isThere));
  }
  return {
    mounts,
    before: held(sent.map(({ mount, list }) => ({ ...mount, mark: list.mark }))),
    back: async () => {
      for (const copy of sent) if (copy.mount.writable) await bringBack(errand, copy);
    },
    forget: async () => {
      for (const { file } of sent) await rm(file, { force: true });
    },
    [Symbol.asyncDispose]: async () => {
      for (const volume of short) await probe(removeVolume(image.way, volume));
    },
  };
}

/** Whose the volumes are. Hosts may have the same name. */
function owner(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'utf8');
  } catch {
    // A container may have none.
  }
  return digest(hostname(), String(process.getuid?.() ?? 0), id).slice(0, 12);
}

/** Removes the copies of folders that are not here any more. */
export async function sweep(way: Way, signal: AbortSignal): Promise<void> {
  const volumes = (await probe(listVolumes(way, owner()), { signal })).stdout.split('\n').filter((name) => name !== '');
  if (volumes.length === 0) return;
  const folders = (await probe(foldersOf(way, volumes), { signal })).stdout.split('\n');
  for (const [index, volume] of volumes.entries()) {
    const folder = folders[index] ?? '';
    if (folder.startsWith('/') && volume === volumeName(owner(), folder) && !existsSync(folder)) {
      await probe(removeVolume(way, volume), { signal });
    }
  }
}

/** Whether there is a volume for the folder; it is made. */
async function volumeFor({ image: { way }, signal }: Errand, volume: string, path: string): Promise<boolean> {
  if ((await probe(foldersOf(way, [volume]), { signal })).code === 0) return true;
  await run(createVolume(way, volume, { owner: owner(), path }), { signal });
  return false;
}

import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { alive } from './scratch.ts';

/** What a server said of the file that a part was begun from; sent back so that only the same file is continued. */
export interface Validator {
  readonly url: string;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/**
 * A download that is under way: a folder of this process alone, with the bytes so far and their validator in it.
 *
 * Disposed, it is left for the next run to continue, unless `keep` or `discard` was called.
 */
export interface Part extends AsyncDisposable {
  /** The bytes so far. */
  readonly file: string;
  /** How many there are. */
  size(): Promise<number>;
  validator(): Promise<Validator | undefined>;
  /** Begin anew: no bytes, another validator. */
  restart(validator: Validator): Promise<void>;
  /** Put the bytes, safely on the disk, at their place. */
  keep(place: string): Promise<void>;
  discard(): Promise<void>;
}

/**
 * The part with a name in a folder: a left one is continued, a new one is empty.
 *
 * Each process works in a folder named after itself, so that two of them never write to one file: the folder with its
 * bytes is taken by renaming it, which one of them only can do. What a killed process left is taken over.
 */
export async function claimPart(folder: string, name: string): Promise<Part> {
  await mkdir(folder, { recursive: true });
  const free = join(folder, `${name}.part`);
  const mine = join(folder, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.part`);
  let claimed = false;
  for (const left of [free, ...(await orphans(folder, name))]) {
    claimed = await rename(left, mine).then(
      () => true,
      () => false,
    );
    if (claimed) break;
  }
  if (!claimed) await mkdir(mine);
  return part(mine, free);
}

function part(mine: string, free: string): Part {
  const file = join(mine, 'data');
  const from = join(mine, 'from.json');
  let gone = false;
  const discard = async () => {
    gone = true;
    await rm(mine, { recursive: true, force: true });
  };
  return {
    file,
    size: async () => (await stat(file).catch(() => undefined))?.size ?? 0,
    async validator() {
      try {
        return JSON.parse(await readFile(from, 'utf8')) as Validator;
      } catch {
        // Killed while it was written: the bytes cannot be continued.
        return undefined;
      }
    },
    async restart(validator) {
      await writeFile(file, '');
      await writeFile(from, JSON.stringify(validator));
    },
    async keep(place) {
      await sync(file);
      await mkdir(dirname(place), { recursive: true });
      await rename(file, place);
      await sync(dirname(place));
      await discard();
    },
    discard,
    async [Symbol.asyncDispose]() {
      if (gone) return;
      // Fails when another process has left its own meanwhile: one is enough.
      await rename(mine, free).catch(discard);
    },
  };
}

/** The parts whose process has ended without a chance to leave them. */
async function orphans(folder: string, name: string): Promise<string[]> {
  const entries = await readdir(folder);
  return entries
    .filter((entry) => {
      if (!entry.startsWith(`${name}.`)) return false;
      const pid = /^\.(\d+)-[0-9a-f]{8}\.part$/.exec(entry.slice(name.length))?.[1];
      return pid !== undefined && !alive(Number(pid));
    })
    .map((entry) => join(folder, basename(entry)));
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

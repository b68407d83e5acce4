import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probe } from '../exec.ts';
import { removeImage } from './engine.ts';

/** A folder of our own for a build, and in it the place for the id of its image; both go when nobody needs them any more. */
export interface TemporaryImage extends AsyncDisposable {
  readonly folder: string;
  /** For podman's --iidfile. */
  readonly idFile: string;
  /** What is in that file by now; '' before there is an image. */
  id(): Promise<string>;
}

export async function temporaryImage(): Promise<TemporaryImage> {
  const folder = await mkdtemp(join(tmpdir(), 'eulab-build-'));
  const idFile = join(folder, 'id');
  const id = async () => (await readFile(idFile, 'utf8').catch(() => '')).trim();
  return {
    folder,
    idFile,
    id,
    [Symbol.asyncDispose]: async () => {
      const made = await id();
      if (made !== '') await probe(removeImage(made));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

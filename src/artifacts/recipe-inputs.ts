import { join, relative, resolve } from 'node:path';
import { fileDigest } from '../digest.ts';
import type { Workspace } from '../workspace.ts';
import type { Input } from './provenance.ts';

/** Files of eulab's own as inputs, by their paths below its folder. */
export async function ownFiles({ home }: Workspace, paths: readonly string[]): Promise<Input[]> {
  return await Promise.all(
    paths.toSorted().map(async (name): Promise<Input> => {
      return { role: 'eulab', name, digest: { sha256: await fileDigest(join(home, name)) } };
    }),
  );
}

/** A file of the user's as an input: by its path in the workspace, if it lies there. */
export async function userFile({ root }: Workspace, path: string, option: string): Promise<Input> {
  const place = portable(root, path);
  return { role: 'file', name: place, digest: { sha256: await fileDigest(resolve(path)) }, facts: { path: place, option } };
}

/** The image that a build ran in, as an input; none for a build on the host. Pure. */
export function imageInput(base: { readonly name: string; readonly id: string } | undefined): Input[] {
  return base === undefined ? [] : [{ role: 'image', name: base.name, digest: { sha256: base.id } }];
}

/** A path as it is written down: relative to the workspace, if it lies there. Pure. */
export function portable(root: string, path: string): string {
  const below = relative(root, resolve(path));
  return below.startsWith('..') ? resolve(path) : below || '.';
}

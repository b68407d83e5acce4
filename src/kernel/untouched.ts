import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kernelFolder } from '../artifacts/kernel-names.ts';
import { current } from '../artifacts/store.ts';
import { folderState } from '../source/folder-hash.ts';
import { kernelSource } from '../source/kernel.ts';
import type { Source } from '../source/source.ts';
import { isCollected, resultsOf } from './objects.ts';
import { type KernelRequest, nameFor, type Wish } from './wish.ts';

/** A developer's tree, as it is before it is built: for who comes with the same one again. */
export interface Untouched {
  /** The kernel that was built of this very tree, when all is as it was left then. */
  readonly name: string | undefined;
  /** Keeps that this product, "NAME KEY", was made of the tree as it was at first. */
  keep(objects: string, product: string): Promise<void>;
}

const file = 'eulab.untouched';

/**
 * Whether nothing of a folder was touched since its last build in a container: make would find that too, once there is a container,
 * which takes longer than make. Undefined where make is asked at once. `objectsOf` is where the objects of a source are.
 */
export async function untouched(
  request: KernelRequest,
  wish: Wish,
  objectsOf: (source: Source) => string,
): Promise<Untouched | undefined> {
  const { workspace, sites, report, signal, engine } = request;
  if (wish.spec.kind !== 'folder' || engine === 'host') return undefined;
  const source = await kernelSource(wish.spec, { sites, cache: workspace.cache, signal, report });
  const tree = await folderState(source.folder, signal);
  const state = async (objects: string, product: string) => [product, tree, await resultsOf(objects)].join('\n');
  const name = nameFor(request, wish.profile, source.version);
  const product = `${name} ${wish.key}`;
  const objects = objectsOf(source);
  const kept = await readFile(join(objects, file), 'utf8').catch(() => '');
  const same =
    !request.force &&
    kept === (await state(objects, product)) &&
    (await isCollected({ objects }, product)) &&
    (await current(kernelFolder(workspace.artifacts, name), 'kernel', wish.key)).state === 'current';
  return {
    name: same ? name : undefined,
    keep: async (folder, made) => await writeFile(join(folder, file), await state(folder, made)),
  };
}

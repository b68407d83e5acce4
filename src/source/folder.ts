import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EulabError, status } from '../errors.ts';
import type { Source } from './source.ts';
import { inspectTree, type Program } from './tree.ts';

/**
 * A developer's own tree, used where it is and never written to.
 *
 * @throws EulabError (2) when there is no such folder, or it is no source of `program`.
 */
export async function folderSource(path: string, program: Program): Promise<Source> {
  const folder = resolve(path);
  const facts = await stat(folder).catch(() => undefined);
  if (facts === undefined) throw new EulabError(`no such folder: ${folder}`, { exitCode: status.usage });
  if (!facts.isDirectory()) {
    throw new EulabError(`${folder} is not a folder`, {
      hint: 'a tarball is known by the end of its name: .tar.xz, .tar.gz, .tar.bz2, .tar.zst',
      exitCode: status.usage,
    });
  }
  const tree = await inspectTree(folder, program);
  if ('lacks' in tree) {
    throw new EulabError(`${folder} is no ${program} source: it has no ${tree.lacks.join(', no ')}`, { exitCode: status.usage });
  }
  return { folder, version: tree.version, origin: folder, digest: undefined, verified: 'none' };
}

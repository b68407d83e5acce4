import { realpath } from 'node:fs/promises';
import { EulabError } from '../errors.ts';
import { holding } from './lock.ts';
import { ignore } from './tree.ts';

/** Checks that nobody holds a lock. @throws EulabError when a living process does. */
export async function idle(file: string): Promise<void> {
  const holder = await holding(file);
  if (holder === undefined) return;
  throw new EulabError(`process ${holder.pid} (${holder.command}) is at work: nothing was removed`, {
    hint: `wait for it, or end it: kill ${holder.pid}`,
  });
}

/**
 * Whether a folder of the workspace is there.
 *
 * @throws EulabError when a symbolic link on the way leads out of the workspace.
 */
export async function within(root: string, folder: string): Promise<boolean> {
  const [top, real] = [await realpath(root), await realpath(folder).catch(ignore('ENOENT', 'ENOTDIR'))];
  if (real === undefined) return false;
  if (real === top || real.startsWith(`${top}/`)) return true;
  throw astray(folder, `leads out of the workspace, to ${real}`);
}

/** The error for what a clean will not touch. */
export function astray(path: string, what: string): EulabError {
  return new EulabError(`${path} ${what}: nothing was removed`, {
    hint: 'eulab removes only what it made; see to this one yourself',
  });
}

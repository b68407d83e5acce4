import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** So long nothing else runs at a time. */
const sliceMs = 20;

/** What lies below a folder and is no folder, by its path in it; what is git's own is left out: a worktree has a file of that name. */
export function* filesBelow(root: string, below = ''): Generator<{ readonly path: string; readonly entry: Dirent }> {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (path === '.git') continue;
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else yield { path, entry };
  }
}

/**
 * For a loop of a second and more: to be called each time around, and awaited when it returns something, so that others have their
 * turn.
 *
 * @throws the signal's reason, when it is awaited.
 */
export function turns(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let beganMs = performance.now();
  return () => {
    if (performance.now() - beganMs <= sliceMs) return undefined;
    return new Promise((resolve) => setImmediate(resolve)).then(() => {
      signal?.throwIfAborted();
      beganMs = performance.now();
    });
  };
}

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder that is gone when it is disposed of. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/**
 * A new empty folder inside `parent`, on the same disk as what is renamed out of it.
 *
 * What processes that were killed have left there is removed first: an unpacked kernel is more than 1 GB.
 */
export async function scratch(parent: string): Promise<Scratch> {
  await mkdir(parent, { recursive: true });
  for (const entry of await readdir(parent)) {
    const pid = /^\.scratch-(\d+)-/.exec(entry)?.[1];
    if (pid !== undefined && !alive(Number(pid))) await rm(join(parent, entry), { recursive: true, force: true });
  }
  const path = join(parent, `.scratch-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(path);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** True when a process of that id runs on this host, whoever owns it. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

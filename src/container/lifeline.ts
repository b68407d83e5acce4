import { closeSync, constants, openSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec.ts';

/** What a build script hangs on: it ends when this is cut, and when eulab ends, however eulab ends. */
export interface Lifeline extends AsyncDisposable {
  /** A fifo, for the script's LIFELINE. */
  readonly path: string;
  /** Ends what hangs on it. */
  cut(): void;
}

/** A lifeline in a folder that the build can write to, and that nobody else uses now: those of killed builds are removed. */
export async function lifeline(folder: string): Promise<Lifeline> {
  for (const name of await readdir(folder)) if (name.startsWith(prefix)) await rm(join(folder, name), { force: true });
  const path = join(folder, `${prefix}${process.pid}-${Date.now()}`);
  await run({ file: 'mkfifo', args: ['-m', '600', path] });
  // For both: opening a fifo for one waits for the other.
  let descriptor: number | undefined = openSync(path, constants.O_RDWR);
  const cut = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    path,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      await rm(path, { force: true });
    },
  };
}

const prefix = '.lifeline-';

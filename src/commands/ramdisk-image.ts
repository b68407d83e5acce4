import type { CommandUnknownOpts } from 'commander';
import { archInUse } from '../artifacts/kernel-names.ts';
import { EulabError } from '../errors.ts';
import type { Bytes } from '../ramdisk/image/bytes.ts';
import type { Context } from './context.ts';
import { defaultInitrd } from './default-initrd.ts';

/** A verb of `eulab ramdisk`. */
export type Verb = (context: Context) => CommandUnknownOpts;

/** Opens an image, the workspace's own unless one is named, for as long as `look` takes; its name stands before what is wrong with it. */
export async function withImage<Result>(
  context: Context,
  named: string | undefined,
  look: (file: Bytes, path: string) => Promise<Result>,
): Promise<Result> {
  const { artifacts } = context.workspace();
  const path = named ?? defaultInitrd(artifacts, archInUse(artifacts));
  const { openFile } = await import('../ramdisk/image/file.ts');
  using file = openFile(path, { option: 'FILE', maker: 'eulab build ramdisk' });
  try {
    return await look(file, path);
  } catch (error) {
    if (!(error instanceof EulabError) || !/^(is|has|its) /.test(error.message)) throw error;
    const { hint, exitCode, details } = error;
    const message = error.message.startsWith('its ') ? `${path}: ${error.message}` : `${path} ${error.message}`;
    throw new EulabError(message, { hint, exitCode, details, cause: error });
  }
}

/** Writes to stdout, no faster than its reader reads; nothing when that one has gone. */
export async function print(text: string | Uint8Array): Promise<void> {
  const { stdout } = process;
  if (stdout.destroyed || stdout.write(text)) return;
  await new Promise<void>((resolve) => {
    const events = ['drain', 'close', 'error'] as const;
    const done = () => {
      for (const event of events) stdout.off(event, done);
      resolve();
    };
    for (const event of events) stdout.on(event, done);
  });
}

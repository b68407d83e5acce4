import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Command, show } from '../command.ts';
import { CommandError } from '../errors.ts';
import { probe } from '../exec.ts';
import { type Call, removal, type Scratch } from './engine.ts';
import { mountsInBuild, type Way } from './way.ts';

/** A folder of our own for a call, and in it the place for the id of what it makes; both go when nobody needs them any more. */
export interface Temporary extends AsyncDisposable, Scratch {
  /** For --iidfile and --cidfile. */
  readonly idFile: string;
  /** Checks that a call has made an image: podman-compose ends with 0 also when podman failed. @throws CommandError */
  made(command: Command): Promise<void>;
}

export async function temporary(way: Way): Promise<Temporary> {
  const folder = await mkdtemp(join(tmpdir(), 'eulab-build-'));
  const idFile = join(folder, 'id');
  // Lower case: what images and compose projects may be called.
  const name = basename(folder).toLowerCase();
  const id = async () => (await readFile(idFile, 'utf8').catch(() => '')).trim();
  return {
    folder,
    name,
    idFile,
    made: async (command) => {
      if ((await id()) !== '') return;
      const what = `${command.file} said that it was done, and was not`;
      throw new CommandError(what, { shown: show(command), code: 0, stderr: '' });
    },
    [Symbol.asyncDispose]: async () => {
      // A run of compose's is known by its name.
      const left = way.kind === 'compose' && !mountsInBuild(way) ? name : await id();
      if (left !== '') await probe(removal(way, left));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Writes the files of a call. */
export async function prepared({ command, files }: Call): Promise<Command> {
  for (const [file, text] of Object.entries(files)) await writeFile(file, text);
  return command;
}

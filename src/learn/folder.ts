import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';
import type { Workspace } from '../workspace.ts';
import type { Lab } from './lab.ts';

/** Where a lab's files are: the learner's, and those that eulab brings. */
export interface Places {
  /** The learner's, beside artifacts/. */
  readonly folder: string;
  /** What eulab brings: text, hints, end, and in `files` what the learner begins with. */
  readonly lesson: string;
}

/** Pure. */
export function placesOf({ root, utils }: Pick<Workspace, 'root' | 'utils'>, { name }: Lab): Places {
  return { folder: join(root, 'learn', name), lesson: join(utils, 'lessons', name) };
}

/**
 * Lays out what a learner begins with; what is there stays as it is.
 *
 * @returns what was made, by its path in the folder. @throws EulabError when the folder cannot be written to.
 */
export function layOut(lab: Lab, { folder, lesson }: Places): string[] {
  const made: string[] = [];
  const put = (path: string) => {
    const [from, to] = [join(lesson, 'files', path), join(folder, path)];
    if (existsSync(to)) return;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    // A script is a program, whatever became of its mode on the way here.
    chmodSync(to, readFileSync(to).subarray(0, 2).toString() === '#!' ? 0o755 : 0o644);
    made.push(path);
  };
  try {
    for (const path of filesIn(join(lesson, 'files'))) put(path);
    for (const [path, target] of lab.links ?? []) {
      const place = join(folder, path);
      if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) continue;
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(target, place);
      made.push(path);
    }
    // Not the learner's: it follows eulab.
    writeFileSync(join(folder, 'README'), readFileSync(join(lesson, 'text')));
    return made;
  } catch (error) {
    throw unwritable(error, folder);
  }
}

/** Moves the learner's files aside, in the place of those that were moved before; returns where they are, undefined for none. */
export function putAside({ folder }: Places): string | undefined {
  if (!existsSync(folder)) return undefined;
  const aside = `${folder}.before`;
  try {
    rmSync(aside, { recursive: true, force: true });
    renameSync(folder, aside);
    return aside;
  } catch (error) {
    throw unwritable(error, folder);
  }
}

/** The paths of all files below a folder, sorted. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [relative(folder, join(entry.parentPath, entry.name))] : [])).sort();
}

function unwritable(error: unknown, folder: string): unknown {
  if (!isErrno(error)) return error;
  return new EulabError(`cannot write to ${error.path ?? folder} (${error.code})`, {
    hint: 'learn in a folder of your own: eulab -C FOLDER learn ...',
    exitCode: status.notReady,
    cause: error,
  });
}

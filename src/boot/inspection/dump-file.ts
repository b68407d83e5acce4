import { renameSync, rmSync, type Stats, statfsSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EulabError, isErrno, status } from '../../errors.ts';
import type { Qmp } from '../qmp/qmp.ts';
import { dump } from '../qmp/verbs.ts';

/**
 * The absolute path of the file that a guest's memory is to be written to.
 *
 * @throws EulabError (2) when its folder is not there or cannot be written to, or its disk has not as much room as the guest
 *   has memory.
 */
export function dumpFile(file: string, memoryBytes: number): string {
  const path = resolve(file);
  const folder = dirname(path);
  const wrong = (what: string, hint: string) => new EulabError(`--dump ${file}: ${what}`, { hint, exitCode: status.usage });
  const elsewhere = 'name a file elsewhere';
  if (lookAt(path)?.isDirectory()) throw wrong('it is a folder', `name a file: --dump ${file}/vmcore`);
  if (lookAt(folder) === undefined) throw wrong(`there is no folder ${folder}`, `make it: mkdir -p ${folder}`);
  if (lookAt(folder)?.isDirectory() !== true) throw wrong(`${folder} is no folder`, elsewhere);
  try {
    // Permissions alone do not tell: root has them on file systems that take no file.
    writeFileSync(draftOf(path), '', { flag: 'wx' });
    rmSync(draftOf(path));
  } catch (error) {
    throw wrong(`${folder} cannot be written to (${isErrno(error) ? error.code : error})`, elsewhere);
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < memoryBytes) {
    const [free, wanted] = [bavail * bsize, memoryBytes].map((bytes) => `${Math.floor(bytes / 2 ** 20)} MiB`);
    throw wrong(
      `the disk of ${folder} has ${free} free, and the guest's memory is ${wanted}`,
      `make room, or give the guest less: --memory`,
    );
  }
  return path;
}

/** Writes the guest's memory to `path`, whole or not at all: what is there stays until the new one is complete. @throws EulabError */
export async function writeDump(qmp: Qmp, path: string, signal?: AbortSignal): Promise<void> {
  const draft = draftOf(path);
  try {
    await dump(qmp, draft, 'elf', signal === undefined ? {} : { signal });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

const draftOf = (path: string) => join(dirname(path), `.${basename(path)}.${process.pid}`);

/** Undefined for what is not there, or cannot be. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

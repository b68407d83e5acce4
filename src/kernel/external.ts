import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { digest } from '../digest.ts';
import { EulabError, isErrno, status } from '../errors.ts';

/** The source of a module that is none of the kernel's own, and the folder in which kbuild makes it. */
export interface External {
  /** The user's; only read. */
  readonly folder: string;
  /** In the object folder: kbuild puts objects beside the source. */
  readonly copy: string;
}

/** In the object folder: the copies. */
export const externalFolder = 'eulab.external';

/** Who has more names a folder with much else in it. */
const mostFiles = 5000;

/**
 * A copy of a module's source in the object folder, as the source is now; what kbuild made there before stays, and so a file that
 * has not changed is not compiled again. Objects that lie beside the source are not copied.
 *
 * @throws EulabError (2) when the folder lies in the kernel's tree, or cannot be read.
 */
export async function copied(folder: string, objects: string, source: string): Promise<External> {
  checkPlace(folder, source);
  const all = join(objects, externalFolder);
  // Of a build that was killed nothing is known: see eulab.unsure in utils/kernel/build.
  if (await there(join(objects, 'eulab.unsure'))) await rm(all, { recursive: true, force: true });
  const id = `${basename(folder).replace(/[^A-Za-z0-9._-]/g, '_')}-${digest(folder).slice(0, 8)}`;
  const copy = join(all, id);
  const list = join(all, `${id}.json`);
  const before = await readList(list);
  const now = await sourceFiles(folder);
  await mkdir(copy, { recursive: true });
  for (const path of Object.keys(before.files)) if (now[path] === undefined) await rm(join(copy, path), { force: true });
  for (const [path, mark] of Object.entries(now)) {
    if (before.files[path] === mark && (await there(join(copy, path)))) continue;
    await mkdir(dirname(join(copy, path)), { recursive: true });
    // Its date is that of now: make is to see that it has changed, whatever date the user's has.
    await copyFile(join(folder, path), join(copy, path));
  }
  await writeFile(list, JSON.stringify({ folder, files: now }));
  return { folder, copy };
}

/** The copies in an object folder, each with the folder that it is one of. */
export async function externalFolders(objects: string): Promise<ReadonlyMap<string, string>> {
  const all = join(objects, externalFolder);
  const names = await readdir(all).catch(() => []);
  const lists = names.filter((name) => name.endsWith('.json'));
  const pairs = await Promise.all(
    lists.map(async (name): Promise<[string, string]> => {
      const { folder } = await readList(join(all, name));
      return [join(all, name.replace(/\.json$/, '')), folder];
    }),
  );
  return new Map(pairs);
}

/** The .ko files that kbuild made in the copy at last, by its own list. */
export async function modulesIn({ copy }: External): Promise<string[]> {
  const order = await readFile(join(copy, 'modules.order'), 'utf8').catch(() => '');
  // Later kernels list the objects that they are made of.
  const files = order.split('\n').flatMap((line) => (line === '' ? [] : [resolve(copy, line.replace(/\.o$/, '.ko'))]));
  const found = await Promise.all(files.map(there));
  return files.filter((_, index) => found[index]);
}

/** A line of a log with the user's folder in it where kbuild named the copy. Pure. */
export function atHome({ folder, copy }: External, line: string): string {
  return line.replaceAll(copy, folder);
}

/** @throws EulabError (2) when the folder of a module is not there, or has no Kbuild or Makefile. */
export async function checkFolder(folder: string): Promise<void> {
  const facts = await stat(folder).catch(() => undefined);
  if (facts === undefined) throw refusedModule(folder, 'there is no such folder');
  if (!facts.isDirectory()) throw refusedModule(folder, 'is no folder', `name the one that it lies in: M=${dirname(folder)}`);
  if (!(await there(join(folder, 'Kbuild'))) && !(await there(join(folder, 'Makefile')))) {
    throw refusedModule(
      folder,
      'has neither Kbuild nor Makefile',
      'one line is enough, for hello.c: echo "obj-m += hello.o" >Kbuild',
    );
  }
}

function checkPlace(folder: string, source: string): void {
  if (folder !== source && !folder.startsWith(`${source}/`)) return;
  const below = relative(source, folder);
  const target = below === '' ? 'modules' : `${below}/`;
  throw refusedModule(folder, "lies in the kernel's own tree", `make it there: eulab build kernel ... -- ${target}`);
}

function refusedModule(folder: string, what: string, hint?: string): EulabError {
  return new EulabError(`M=${folder}: ${what}`, { hint, exitCode: status.usage });
}

/** The files of a module's source, each with what tells whether it has changed. Links are followed. */
async function sourceFiles(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const visit = async (below: string): Promise<void> => {
    for (const name of await readdir(join(folder, below))) {
      const path = join(below, name);
      if (isMade(name)) continue;
      const facts = await stat(join(folder, path)).catch(() => undefined);
      if (facts?.isDirectory() && !isNoSource(name)) await visit(path);
      if (facts?.isFile()) files[path] = `${facts.size}:${facts.mtimeMs}`;
      // Links that lead in a circle end here too.
      if (Object.keys(files).length > mostFiles)
        throw refusedModule(folder, `has more than ${mostFiles} files`, 'name the folder of the module alone');
    }
  };
  await visit('').catch((error: unknown) => {
    if (!isErrno(error) || error instanceof EulabError) throw error;
    throw refusedModule(folder, `cannot read ${error.path ?? folder}: ${error.code}`);
  });
  return files;
}

function isNoSource(name: string): boolean {
  return /^\.(?:git|svn|hg|tmp_versions|vscode|cache)$/.test(name);
}

/** True for what kbuild makes; beside the source it is of another kernel. Pure. */
export function isMade(name: string): boolean {
  return /\.(?:o|ko|a|mod|mod\.c|cmd|d|su|dwo|order|symvers)$|^(?:Module\.symvers|modules\.order|compile_commands\.json)$/.test(
    name,
  );
}

interface List {
  readonly folder: string;
  readonly files: Readonly<Record<string, string>>;
}

async function readList(file: string): Promise<List> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as List;
  } catch {
    return { folder: '', files: {} };
  }
}

async function there(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

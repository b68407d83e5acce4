import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { addExtra } from '../artifacts/extra.ts';
import { EulabError } from '../errors.ts';
import { externalFolders } from './external.ts';
import type { KernelBuild } from './plan.ts';
import type { KernelRequest } from './wish.ts';

/** One line of a compile database. @see clang.llvm.org/docs/JSONCompilationDatabase.html */
export interface Compilation {
  readonly directory: string;
  readonly file: string;
  readonly command: string;
}

/**
 * Writes artifacts/compile_commands.json: how each file was compiled, as kbuild keeps it beside the objects. Python, with which
 * the kernel's own target does it, is not needed, and the modules that are none of the kernel's are in it as well.
 *
 * Paths are those of the host, by which containers have them too.
 *
 * @throws EulabError when nothing was compiled yet.
 */
export async function database(
  { objects, source }: Pick<KernelBuild, 'objects' | 'source'>,
  request: KernelRequest,
): Promise<void> {
  const names = await readdir(objects, { recursive: true, encoding: 'utf8' });
  // Those in tools/ are of programs for the host, which are made elsewhere.
  const files = names.filter((name) => /(?:^|\/)\.[^/]+\.o\.cmd$/.test(name) && !name.startsWith('tools/')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(objects, name), 'utf8')));
  const origins = await externalFolders(objects);
  const found = texts
    .flatMap((text) => compilation(text, objects) ?? [])
    .filter(({ file }) => !generated(file, objects, origins));
  const own = found.map((one) => fromHome(one, origins));
  if (own.length === 0) {
    throw new EulabError('nothing was compiled yet of which there could be a compile_commands.json', {
      hint: 'build the kernel first, by the same call without -- and what is behind it',
    });
  }
  const { artifacts } = request.workspace;
  const text = `${JSON.stringify(own, undefined, 1)}\n`;
  const put = (file: string) => writeFile(file, text);
  await addExtra(artifacts, [{ path: 'compile_commands.json', put, inputs: source }], request);
  const file = join(artifacts, 'compile_commands.json');
  request.report({ kind: 'note', text: `${file}: ${own.length} files; for clangd: --compile-commands-dir=${artifacts}` });
}

/** How a C file was compiled, by the text of kbuild's .cmd file; undefined for what was made in another way. Pure. */
export function compilation(text: string, directory: string): Compilation | undefined {
  const [, line] = /^(?:saved)?cmd_\S+ := (.*)$/m.exec(text) ?? [];
  // Some objects get a second command behind a semicolon: objtool and the like.
  const [, command, file] = /^(?:ccache )?(\S*(?:gcc|clang) .* -c -o \S+) ([^\s;]+\.[cS])\s*(?:;.*)?$/.exec(line ?? '') ?? [];
  if (command === undefined || file === undefined) return undefined;
  // Its list of what it includes is for kbuild alone.
  const plain = command
    .replace(/-Wp,-MM?D,\S+ /, '')

    .replaceAll('\\#', '#')
    .replaceAll('$(pound)', '#');
  return { directory, file: resolve(directory, file), command: `${plain} ${file}` };
}

/** True for what the build wrote itself, such as hello.mod.c: it is nothing to edit. Pure. */
function generated(file: string, objects: string, origins: ReadonlyMap<string, string>): boolean {
  if (file.endsWith('.mod.c')) return true;
  return file.startsWith(`${objects}/`) && ![...origins.keys()].some((copy) => file.startsWith(`${copy}/`));
}

/** The same by the paths where the user has the files, but for the object: what runs this leaves nothing beside them. Pure. */
function fromHome({ directory, file, command }: Compilation, origins: ReadonlyMap<string, string>): Compilation {
  const home = (text: string) => [...origins].reduce((all, [copy, folder]) => all.replaceAll(copy, folder), text);
  const [, options = '', object = '', rest = ''] = /^(.*)( -c -o \S+)( .*)$/.exec(command) ?? ['', command];
  return { directory, file: home(file), command: home(options) + object + home(rest) };
}

import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { addExtra } from '../artifacts/extra.ts';
import { manifestOf } from '../artifacts/store.ts';
import { show } from '../command.ts';
import { EulabError, status } from '../errors.ts';
import { logOf } from './build.ts';
import type { BuiltKernel } from './built.ts';
import { atHome, copied, type External, modulesIn } from './external.ts';
import { extraSymbols } from './extra-symbols.ts';
import { parse } from './fragment.ts';
import { logged, targetLines } from './log.ts';
import { writeTargets } from './objects.ts';
import { jobs, type KernelBuild } from './plan.ts';
import type { TargetRequest } from './target-request.ts';
import type { Targets } from './target-words.ts';

/**
 * Makes a module that is none of the kernel's own, and puts its .ko files into artifacts/extra. Its folder is only read. The caller
 * holds the lock of the object folder.
 *
 * @throws EulabError (2) when there is no such folder, or the kernel takes no modules; EulabError with the first error of the
 *   log, by the user's paths, when make fails.
 */
export async function makeModule(request: TargetRequest, kernel: BuiltKernel, { module = '', words }: Targets): Promise<void> {
  const { build, name } = kernel;
  const folder = resolve(module);
  await checkModules(build, name);
  const external = await copied(folder, build.objects, build.source);
  await symbolVersions(request, kernel);
  const flags = words.filter((word) => word.startsWith(flagsWord)).map((word) => word.slice(flagsWord.length));
  const others = words.filter((word) => !word.startsWith(flagsWord));
  const rest = await Promise.all(others.map((word) => extraSymbols(word, build.objects)));
  request.report({ kind: 'step', text: `building ${folder} for ${name}` });
  const all = [`M=${external.copy}`, `${flagsWord}${[...pathMap(external), ...flags].join(' ')}`, ...rest];
  await inObjects(request, kernel, all, external);
  await bringBack(request, external, name);
}

const flagsWord = 'KCFLAGS=';

/** What the compiler is told so that a module's debug information names the user's files; nothing for a path that a shell would read. */
function pathMap({ copy, folder }: External): string[] {
  return /^[\w./+@%,:~-]+$/.test(folder) ? [`-ffile-prefix-map=${copy}=${folder}`] : [];
}

/** @throws EulabError (2) for a kernel that takes no modules. */
async function checkModules({ objects }: KernelBuild, name: string): Promise<void> {
  const config = parse(await readFile(join(objects, '.config'), 'utf8'), '.config');
  if (config.get('MODULES') === 'y') return;
  throw new EulabError(`the kernel ${name} takes no modules: CONFIG_MODULES is off`, {
    hint: 'build one that does, with --set CONFIG_MODULES=y --set CONFIG_MODULE_UNLOAD=y',
    exitCode: status.usage,
  });
}

/** What the kernel exports is listed when its own modules are made, also when it has none: once for each vmlinux. */
async function symbolVersions(request: TargetRequest, kernel: BuiltKernel): Promise<void> {
  const { objects } = kernel.build;
  const { size, mtimeMs } = await stat(join(objects, 'vmlinux'));
  const [listed, now] = [join(objects, 'eulab.listed'), `${size}:${mtimeMs}`];
  const list = await stat(join(objects, 'Module.symvers')).catch(() => undefined);
  if (list !== undefined && (await readFile(listed, 'utf8').catch(() => '')) === now) return;
  request.report({ kind: 'step', text: `listing what ${kernel.name} exports` });
  await inObjects({ ...request, say: () => undefined }, kernel, ['modules'], undefined);
  await writeFile(listed, now);
}

async function inObjects(
  request: TargetRequest,
  { build, where }: BuiltKernel,
  words: readonly string[],
  external: External | undefined,
): Promise<void> {
  await writeTargets(build.objects, words);
  const home = (line: string) => (external === undefined ? line : atHome(external, line));
  await logged(where, jobs(build).target, {
    ...{ log: logOf(build, request.workspace), report: request.report, signal: request.signal },
    ...{ failed: `the module in ${external?.folder ?? build.objects} was not built`, home, say: targetLines(request.say) },
  });
}

/** Puts the .ko files into artifacts/extra, and tells how to load them. Of a target such as clean nothing comes. */
async function bringBack(request: TargetRequest, external: External, kernel: string): Promise<void> {
  const made = await modulesIn(external);
  if (made.length === 0) return;
  const { artifacts } = request.workspace;
  const extras = made.map((file) => ({
    path: `extra/${basename(file)}`,
    put: (place: string) => copyFile(file, place),
    inputs: `${external.folder}, for ${kernel}`,
  }));
  await addExtra(artifacts, extras, request);
  const used = await manifestOf(artifacts, 'kernel');
  const words = extras.flatMap(({ path }) => ['--module', shortened(join(artifacts, path))]);
  const command = ['boot', ...(used?.name === kernel ? [] : ['--kernel', kernel]), ...words];
  for (const { path } of extras) request.report({ kind: 'note', text: `${join(artifacts, path)}, for ${kernel}` });
  request.report({
    kind: 'note',
    text: `to load ${made.length === 1 ? 'it' : 'them'}: ${show({ file: 'eulab', args: command })}`,
  });
}

/** A path as one would type it here. */
function shortened(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}

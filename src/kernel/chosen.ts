import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { architectures, usualArch } from '../architectures.ts';
import { ignore } from '../artifacts/tree.ts';
import { show } from '../command.ts';
import { type Image, removeImage } from '../container/engine.ts';
import { onTerminal } from '../container/terminal.ts';
import { CommandError, EulabError, Interrupted } from '../errors.ts';
import { listener, type Making } from './build.ts';
import { type Fragment, merge, parse, render } from './fragment.ts';
import { logged } from './log.ts';
import { writeTargets } from './objects.ts';
import { jobs } from './plan.ts';
import type { TargetRequest } from './target-request.ts';
import type { Targets } from './target-words.ts';
import type { Asked, KernelRequest } from './wish.ts';

/** A config at one moment: all of it, and what of it is no default. */
export interface Chosen {
  readonly all: Fragment;
  readonly minimal: Fragment;
}

/**
 * What was chosen between two moments, as a fragment: no more than what makes the one config of the other. `all` has also what the
 * user asked for before. Pure.
 *
 * A setting of the profile's that was overruled is among them: of a choice, the member that lost has to be said too.
 */
export function chosen(facts: { readonly before: Chosen; readonly after: Chosen; readonly asked: Asked }): {
  readonly fragment: Fragment;
  readonly all: Fragment;
} {
  const { before, after, asked } = facts;
  const symbols = new Set([...after.minimal.keys(), ...before.minimal.keys(), ...asked.all.keys()]);
  const value = (config: Chosen, symbol: string) => config.all.get(symbol) ?? 'n';
  const changed = [...symbols].filter((symbol) => value(before, symbol) !== value(after, symbol));
  const fragment = new Map(changed.sort().map((symbol) => [symbol, value(after, symbol)]));
  return { fragment, all: merge(asked.user, fragment) };
}

/**
 * Changes the config, by a menu or by what `plain` does, and tells how what was chosen gets into a build. The config in the object
 * folder, which belongs to the objects there, is put back.
 *
 * @throws EulabError when it fails; what was saved before is kept all the same.
 */
export async function changeConfig(
  making: Making,
  request: TargetRequest,
  { words, menu }: Targets,
  plain: () => Promise<void>,
): Promise<void> {
  await using _config = await restored(join(making.build.objects, '.config'));
  const before = await configNow(making);
  let failure: unknown;
  try {
    if (menu === undefined) await plain();
    else await onMenu(making, request, words);
  } catch (error) {
    failure = error;
  }
  if (!request.signal.aborted && !(failure instanceof Interrupted)) {
    const found = chosen({ before, after: await configNow(making), asked: making.asked });
    if (failure === undefined || found.fragment.size > 0) await keepChosen(found.all, found.fragment, request);
  }
  if (failure !== undefined) throw failure;
}

/** A file that is as it was, its date too, when this is disposed. */
async function restored(file: string): Promise<AsyncDisposable> {
  const [text, { atimeMs, mtimeMs }] = await Promise.all([readFile(file), stat(file)]);
  return {
    [Symbol.asyncDispose]: async () => {
      await writeFile(`${file}.eulab`, text);
      await utimes(`${file}.eulab`, atimeMs / 1000, mtimeMs / 1000);
      await rename(`${file}.eulab`, file);
    },
  };
}

async function onMenu(making: Making, request: TargetRequest, words: readonly string[]): Promise<void> {
  await writeTargets(making.build.objects, words);
  using terminal = request.lend();
  try {
    await onTerminal(making.where, jobs(making.build).target, request.workspace.home, terminal.signal);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { where } = making;
    // An image that was made without a network lacks what only menus need.
    const remedy =
      where.kind === 'host'
        ? 'apt-get install libncurses-dev'
        : `remove the image, and it is made again: ${removed(where.image)}`;
    throw new EulabError(`make ${words.join(' ')} ${error.message}`, {
      hint: `what it said stands above; if ncurses is missing: ${remedy}`,
      cause: error,
    });
  }
}

/** The call that removes an image. Pure. */
function removed({ way, name }: Image): string {
  return show(removeImage(way, name));
}

/** The config in the object folder: all of it, and what of it is no default. */
async function configNow(making: Making): Promise<Chosen> {
  const { build, where } = making;
  await logged(where, jobs(build).minimal, { ...listener(making), report: () => undefined });
  const read = async (name: string) => parse(await readFile(join(build.objects, name), 'utf8'), name);
  const [all, minimal] = await Promise.all([read('.config'), read('eulab.minimal')]);
  return { all, minimal };
}

const most = 12;

/**
 * Writes what was chosen to artifacts/chosen.config, and tells how a build gets it. The file is the user's: what it was before is
 * kept beside it, and `eulab clean` leaves it alone.
 */
async function keepChosen(all: Fragment, changed: Fragment, request: KernelRequest): Promise<void> {
  const { report, workspace } = request;
  if (changed.size === 0) {
    report({ kind: 'note', text: 'the config is what it was' });
    return;
  }
  const file = join(workspace.artifacts, 'chosen.config');
  await mkdir(workspace.artifacts, { recursive: true });
  await rename(file, `${file}.old`).catch(ignore('ENOENT'));
  await writeFile(file, render(all));
  const lines = render(changed).trimEnd().split('\n');
  report({ kind: 'note', text: `${changed.size} ${changed.size === 1 ? 'symbol is' : 'symbols are'} now:` });
  for (const line of lines.slice(0, most)) report({ kind: 'note', text: `  ${line}` });
  if (lines.length > most) report({ kind: 'note', text: `  and ${lines.length - most} more` });
  report({ kind: 'note', text: `kept in ${file}; a kernel with it:` });
  report({ kind: 'note', text: `  ${buildWith(file, request)}` });
}

/** The call that builds with a fragment, and else the same. Pure. */
function buildWith(fragment: string, { source, profile, arch, toolchain, engine, workspace }: KernelRequest): string {
  const short = relative(process.cwd(), fragment);
  const said = [
    ...(workspace.root === process.cwd() ? [] : ['-C', workspace.root]),
    'build',
    'kernel',
    ...(source === 'auto' ? [] : ['--source', source]),
    ...(profile === 'lab' ? [] : ['--profile', profile]),
    ...(arch === usualArch ? [] : ['--arch', architectures[arch].word]),
    ...(toolchain === 'gcc' ? [] : ['--toolchain', toolchain]),
    ...(engine === 'auto' ? [] : ['--engine', engine]),
    '--fragment',
    short.startsWith('..') ? fragment : short,
  ];
  return show({ file: 'eulab', args: said });
}

import { copyFile, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { markCache } from '../artifacts/cache.ts';
import { addExtra } from '../artifacts/extra.ts';
import { lock } from '../artifacts/lock.ts';
import { called, configure, listener, type Making, prepare } from './build.ts';
import { builtKernel, foundKernel } from './built.ts';
import { changeConfig } from './chosen.ts';
import { database } from './database.ts';
import { checkFolder } from './external.ts';
import { logged, targetLines } from './log.ts';
import { makeModule } from './module.ts';
import { made, writeTargets } from './objects.ts';
import { jobs } from './plan.ts';
import type { TargetRequest } from './target-request.ts';
import type { Targets } from './target-words.ts';
import { type KernelRequest, wishOf } from './wish.ts';

/**
 * Has make do what the words say in the object folder of a kernel; a module, and compile_commands.json alone, are made for one that
 * was built, the rest needs none.
 *
 * @throws EulabError as `buildKernel`; when make fails, with the first error of its log.
 */
export async function makeTargets(request: TargetRequest, targets: Targets): Promise<void> {
  await markCache(request.workspace.cache);
  if (targets.module !== undefined) await makeForKernel(request, targets, targets.module);
  else if (targets.words.length > 0) await makeOwn(request, targets);
  else {
    const { objects, manifest } = await foundKernel(request);
    await database({ objects, source: manifest.inputs['folder'] ?? '' }, request);
  }
}

async function makeForKernel(request: TargetRequest, targets: Targets, module: string): Promise<void> {
  await checkFolder(resolve(module));
  const kernel = await builtKernel(request);
  await using _objects = await objectLock(kernel.build.objects, request);
  await makeModule(request, kernel, targets);
  if (targets.database) await database(kernel.build, request);
}

async function makeOwn(request: TargetRequest, targets: Targets): Promise<void> {
  const making = await prepare(request, await wishOf(request));
  await using _objects = await objectLock(making.build.objects, request);
  await configure(making);
  if (targets.config) await changeConfig(making, request, targets, () => inFolder(making, request, targets.words));
  else {
    await inFolder(making, request, targets.words);
    await tell(making, request, targets);
  }
  if (targets.database) await database(making.build, request);
}

function objectLock(objects: string, { command, signal, report }: KernelRequest): Promise<AsyncDisposable> {
  return lock(`${objects}.lock`, command, { signal, report });
}

async function inFolder(making: Making, request: TargetRequest, words: readonly string[]): Promise<void> {
  await writeTargets(making.build.objects, words);
  request.report({ kind: 'step', text: `making ${words.join(' ')} of ${called(making)}` });
  const failed = `make ${words.join(' ')} failed`;
  await logged(making.where, jobs(making.build).target, { ...listener(making), failed, say: targetLines(request.say) });
}

/** Tells where what was made lies. */
async function tell({ build: { objects } }: Making, request: TargetRequest, { words }: Targets): Promise<void> {
  const { report, workspace } = request;
  for (const file of await made(objects, words)) report({ kind: 'note', text: file });
  if (words.includes('savedefconfig')) {
    const put = (place: string) => copyFile(join(objects, 'defconfig'), place);
    await addExtra(workspace.artifacts, [{ path: 'extra/defconfig', put, inputs: objects }], request);
    report({ kind: 'note', text: join(workspace.artifacts, 'extra/defconfig') });
  }
  if (words.includes('modules')) {
    const order = await readFile(join(objects, 'modules.order'), 'utf8').catch(() => '');
    const count = order.split('\n').length - 1;
    const what =
      count === 0 ? 'this config has none (=m)' : `${count} in ${objects}; eulab build kernel puts them into artifacts/modules`;
    report({ kind: 'note', text: `modules: ${what}` });
  }
}

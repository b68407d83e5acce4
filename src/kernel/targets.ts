import { resolve } from 'node:path';
import { markCache } from '../artifacts/cache.ts';
import { lock } from '../artifacts/lock.ts';
import { builtKernel } from './built.ts';
import { checkFolder } from './external.ts';
import { makeModule } from './module.ts';
import type { TargetRequest } from './target-request.ts';
import type { Targets } from './target-words.ts';
import type { KernelRequest } from './wish.ts';

/**
 * Has make do what the words say in the object folder of a kernel.
 *
 * @throws EulabError as `buildKernel`; when make fails, with the first error of its log.
 */
export async function makeTargets(request: TargetRequest, targets: Targets): Promise<void> {
  await markCache(request.workspace.cache);
  if (targets.module !== undefined) await checkFolder(resolve(targets.module));
  const kernel = await builtKernel(request);
  await using _objects = await objectLock(kernel.build.objects, request);
  await makeModule(request, kernel, targets);
}

function objectLock(objects: string, { command, signal, report }: KernelRequest): Promise<AsyncDisposable> {
  return lock(`${objects}.lock`, command, { signal, report });
}

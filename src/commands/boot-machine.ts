import { archOf } from '../architectures.ts';
import { kernelFile } from '../artifacts/kernel-names.ts';
import { claim, runtimeFolder } from '../boot/running/running.ts';
import type { Teller } from '../boot/told.ts';
import { plainReport } from '../ui.ts';
import type { Options } from './boot-options.ts';
import type { Context } from './context.ts';

export function kernelPath(context: Context, options: Options): string {
  return kernelFile(context.workspace().artifacts, options.kernel, archOf(options.arch));
}

/** Who tells of the machine; loaded only when somebody listens. */
async function tellerOf({ manner }: Context, argv: readonly string[]): Promise<Teller | undefined> {
  if (manner.events === undefined && !manner.verbose) return undefined;
  return (await import('../boot/told.ts')).teller(plainReport(manner), argv);
}

/** What claims a name and a folder for each start of a machine, and tells of it. */
export async function claimer(context: Context, argv: readonly string[], options: Options) {
  const told = await tellerOf(context, argv);
  const facts = { startedMs: Date.now(), kernel: kernelPath(context, options), argv };
  const plain = () => claim(options.name, runtimeFolder(context.env), facts);
  return { claim: told?.claim(plain) ?? plain, onMoment: told?.onMoment };
}

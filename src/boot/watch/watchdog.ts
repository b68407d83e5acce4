import { setTimeout } from 'node:timers/promises';
import type { Boot } from '../run.ts';
import type { Vm } from '../vm.ts';
import { limits, nextCheckMs, overdue, type Watched } from './watch.ts';

/** How long a machine has run, by the clock of its console's lines. */
export const elapsedMs = (vm: Pick<Vm, 'console'>) => performance.now() - vm.console.startedMs;

/**
 * Watches a machine until a limit of its boot is over: looks when the nearest one could be, and not before. `guest.readyMs` is
 * when its agent answered. Never settles otherwise; `over` ends the watch.
 *
 * @throws BootError that says which limit it was, or what the console shows for it.
 */
export async function watchdog(
  { machine, timeoutMs, inspection, limits: asked }: Pick<Boot, 'machine' | 'timeoutMs' | 'inspection' | 'limits'>,
  vm: Vm,
  guest: { readonly readyMs: number | undefined },
  over: AbortSignal,
): Promise<never> {
  const { accel, cpus, cmdline } = machine;
  const allowed = limits({ accel, cpus: cpus.count }, { ...asked, whole: timeoutMs }, inspection?.debug);
  const talks = !cmdline.includes('quiet');
  for (;;) {
    const watched: Watched = { lines: vm.console.lines(), readyMs: guest.readyMs, limits: allowed, talks };
    const limit = overdue(watched, elapsedMs(vm));
    if (limit !== undefined) {
      const { diagnose } = await import('../diagnose/diagnose.ts');
      const end = { code: null, signal: null, stderr: vm.said(), console: watched.lines, log: vm.console.file };
      throw diagnose({ ...end, limit, ready: guest.readyMs !== undefined });
    }
    const nextMs = nextCheckMs(watched, elapsedMs(vm));
    if (nextMs === undefined || over.aborted) return new Promise(() => undefined);
    await setTimeout(nextMs, undefined, { signal: over }).catch(() => undefined);
  }
}

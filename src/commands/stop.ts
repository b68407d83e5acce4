import { Command } from 'commander';
import { aborted } from '../boot/run.ts';
import { call } from '../boot/running/client.ts';
import { running, runtimeFolder } from '../boot/running/running.ts';
import type { Context } from './context.ts';

/** `eulab stop NAME...`: the end of machines. */
export function stop(context: Context) {
  return new Command('stop')
    .summary('switch a running machine off')
    .description('Switch machines off: the guest unmounts its disks first; ten seconds later QEMU is ended all the same.')
    .argument('<name...>', 'the machines, as eulab ps names them')
    .addHelpText('after', '\nExamples:\n  eulab stop vm1\n  eulab stop vm1 vm2')
    .action(async (names) => {
      const root = runtimeFolder(context.env);
      const machines = await Promise.all(names.map((name) => running(name, root)));
      const over = new AbortController();
      const stopped = Promise.all(
        machines.map(async (machine) => {
          using held = await call(machine);
          held.link.powerOff();
          await Promise.race([held.ended, aborted(context.signal, over.signal)]);
        }),
      );
      await stopped.finally(() => over.abort());
    });
}

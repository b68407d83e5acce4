import { Command } from 'commander';
import { aborted, attend } from '../boot/run.ts';
import { call } from '../boot/running/client.ts';
import { running, runtimeFolder } from '../boot/running/running.ts';
import { needTerminal, rawTerminal, resized } from '../boot/terminal/terminal.ts';
import { settings } from '../config.ts';
import { EulabError, status } from '../errors.ts';
import type { Context } from './context.ts';
import { guestCommand } from './guest-command.ts';
import { limited } from './time-limit.ts';

/** `eulab exec NAME [-- COMMAND...]`: one more command in a machine that runs. */
export function exec(context: Context) {
  return new Command('exec')
    .summary('run a command in a running machine')
    .description(
      'Run one more command in a machine that runs, with the streams and the status of eulab boot -- COMMAND.\n' +
        'Without COMMAND: a shell on a terminal of its own.',
    )
    .argument('<name>', 'the machine, as eulab ps names it')
    .argument('[command...]', 'what to run in the guest, after --')
    .addOption(settings.tty())
    .addOption(settings.env())
    .addOption(settings.workdir())
    .addOption(settings.timeout())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab exec vm1\n  eulab exec vm1 -- dmesg\n  eulab exec --timeout 10s vm1 -- ./test\n  eulab exec -t vm1 -- top',
    )
    .action(async (name, argv, options) => {
      const machine = await running(name, runtimeFolder(context.env));
      const tty = options.tty ?? (argv.length === 0 ? true : undefined);
      if (tty) needTerminal(argv.length === 0 ? 'a shell' : '--tty', `run a command instead: eulab exec ${name} -- COMMAND`);
      const words = argv.length === 0 ? ['sh', '-l'] : argv;
      const command = { ...guestCommand(words, { ...options, tty }, context.env), sync: false };
      using held = await call(machine);
      await using terminal = tty ? await rawTerminal() : undefined;
      const over = new AbortController();
      const { passSignal } = context;
      try {
        const streams = { stdin: process.stdin, stdout: terminal?.output ?? process.stdout, stderr: process.stderr };
        const events = { passSignal, resized: (take: Parameters<typeof resized>[1]) => resized(process.stdout, take) };
        const ended = held.ended.then(() => {
          throw new EulabError(`${name} ended before the command did`, { exitCode: status.unknown });
        });
        const attended = attend(held.link, { command, streams, events }, over.signal);
        context.exit(await Promise.race([attended, ended, aborted(limited(context.signal, options.timeout), over.signal)]));
      } finally {
        over.abort();
      }
    });
}

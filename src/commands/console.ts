import { Writable } from 'node:stream';
import { Command } from 'commander';
import { call } from '../boot/running/client.ts';
import { running, runtimeFolder } from '../boot/running/running.ts';
import { rawTerminal } from '../boot/terminal/terminal.ts';
import type { Context } from './context.ts';

const controlA = 1;

/** `eulab console NAME`: the console of a machine that runs, so far and as it goes on. */
export function console(context: Context) {
  return new Command('console')
    .summary('the console of a running machine')
    .description(
      "Show a running machine's console, from its beginning, and type on it. ctrl-A d leaves it, ctrl-A ctrl-A types ctrl-A.\n" +
        'Without a terminal it is only shown, until the machine ends.',
    )
    .argument('<name>', 'the machine, as eulab ps names it')
    .addHelpText('after', '\nExamples:\n  eulab console vm1\n  eulab console vm1 | grep -m1 virtio')
    .action(async (name) => {
      using held = await call(await running(name, runtimeFolder(context.env)));
      const typing = process.stdin.isTTY && process.stdout.isTTY;
      await using terminal = typing ? await rawTerminal() : undefined;
      const session = held.link.openConsole({ stdout: terminal?.output ?? process.stdout, stderr: new Writable() });
      const left = new Promise<void>((leave, fail) => {
        context.signal.addEventListener('abort', () => fail(context.signal.reason), { once: true });
        if (typing)
          process.stdin.on(
            'data',
            keyboard((bytes) => void session.input(bytes), leave),
          );
      });
      await Promise.race([held.ended, left]);
    });
}

/** Takes what is typed and sends it on, but for the keys behind ctrl-A, which may come in a piece of its own. */
function keyboard(send: (bytes: Buffer) => void, leave: () => void): (bytes: Buffer) => void {
  let escaped = false;
  return (bytes) => {
    const rest: number[] = [];
    for (const byte of bytes) {
      const begins = !escaped && byte === controlA;
      if (escaped && byte === 'd'.charCodeAt(0)) leave();
      else if (!begins) rest.push(byte);
      escaped = begins;
    }
    if (rest.length > 0) send(Buffer.from(rest));
  };
}

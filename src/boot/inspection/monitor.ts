import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReadStream, WriteStream } from 'node:tty';
import { EulabError, status } from '../../errors.ts';
import { type Qmp, QmpError } from '../qmp/qmp.ts';
import { monitor } from '../qmp/verbs.ts';

/** Words of a conversation that QEMU's monitor has not. Each returns what is to be shown. */
export type OwnWords = Readonly<Record<string, (rest: string) => Promise<string>>>;

/**
 * A conversation with QEMU's monitor on the user's terminal, whatever stdin is: each line is QEMU's or one of `words`, until
 * `quit`, ctrl-D, ctrl-C, an aborted signal or QEMU's end.
 */
export async function converse(qmp: Qmp, words: OwnWords, signal: AbortSignal): Promise<void> {
  using terminal = openTerminal();
  const { input, output } = terminal;
  const lines = createInterface({ input, output, prompt: '(qemu) ', terminal: true, historySize: 500 });
  const over = () => lines.close();
  lines.on('SIGINT', over);
  qmp.closed.then(over, over);
  if (signal.aborted) over();
  signal.addEventListener('abort', over, { once: true });
  try {
    lines.prompt();
    for await (const line of lines) {
      const [, word = '', rest = ''] = /^\s*(\S*)\s*(.*)$/.exec(line) ?? [];
      if (word === 'quit' || word === 'q') break;
      if (word !== '') output.write(`${(await answer(qmp, words, word, rest)).trimEnd().replaceAll(/\r*\n/g, '\r\n')}\r\n`);
      lines.prompt();
    }
  } finally {
    signal.removeEventListener('abort', over);
    lines.close();
    output.write('\r\n');
  }
}

/** @throws EulabError (2) when this process has no terminal. */
export function needOwnTerminal(option: string): void {
  openTerminal(option)[Symbol.dispose]();
}

async function answer(qmp: Qmp, words: OwnWords, word: string, rest: string): Promise<string> {
  try {
    const own = words[word];
    return own === undefined ? await monitor(qmp, `${word} ${rest}`.trim()) : await own(rest);
  } catch (error) {
    if (error instanceof QmpError) return error.description;
    if (error instanceof EulabError) return error.message;
    throw error;
  }
}

interface Terminal extends Disposable {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

/** The terminal itself: stdin and stdout are the command's, and may be something else. @see tty(4) */
function openTerminal(option = '--on-panic shell'): Terminal {
  const descriptors: number[] = [];
  try {
    descriptors.push(openSync('/dev/tty', 'r'), openSync('/dev/tty', 'w'));
    const [input, output] = [new ReadStream(descriptors[0] ?? 0), new WriteStream(descriptors[1] ?? 1)];
    return {
      input,
      output,
      [Symbol.dispose]: () => {
        input.destroy();
        output.destroy();
      },
    };
  } catch {
    for (const descriptor of descriptors) closeSync(descriptor);
    const hint = 'let it stand still instead, for gdb: --on-panic stop';
    throw new EulabError(`${option} needs a terminal, and there is none here`, { hint, exitCode: status.usage });
  }
}

import { needTerminal } from '../boot/terminal/terminal.ts';
import { Interrupted, type Signal } from '../errors.ts';
import { targets } from '../kernel/target-words.ts';
import { makeTargets } from '../kernel/targets.ts';
import type { KernelRequest } from '../kernel/wish.ts';
import type { Report } from '../report.ts';
import { shown } from '../ui.ts';
import type { Context } from './context.ts';

/** `eulab build kernel -- TARGET...`: what make says of a module goes to stderr, of other targets to stdout. */
export async function makeTargetsOf(
  context: Context,
  words: readonly string[],
  facts: { readonly request: (report: Report) => KernelRequest; readonly said: boolean },
): Promise<void> {
  const wanted = targets(words);
  if (wanted.menu !== undefined) {
    needTerminal(wanted.menu, 'say what you want with --set CONFIG_X=y or --fragment FILE, or make olddefconfig');
  }
  const stream = wanted.module === undefined ? process.stdout : process.stderr;
  const { verbose } = context.manner;
  await shown(context.manner, async ({ report, print, rest }) => {
    const say = (line: string) => {
      if (!verbose) print(line, stream);
    };
    await makeTargets({ ...facts.request(report), said: facts.said, say, lend: () => lent(context, rest) }, wanted);
  });
}

/** The terminal for another program: its ctrl-C reaches us too, and is none of our business until disposed. */
function lent(context: Context, rest: () => void): Disposable & { readonly signal: AbortSignal } {
  rest();
  const ended = new AbortController();
  const take = (signal: Signal) => {
    if (signal === 'SIGINT' || signal === 'SIGQUIT') passing = context.passSignal(take);
    else ended.abort(new Interrupted(signal));
  };
  let passing = context.passSignal(take);
  return { signal: AbortSignal.any([context.signal, ended.signal]), [Symbol.dispose]: () => passing[Symbol.dispose]() };
}

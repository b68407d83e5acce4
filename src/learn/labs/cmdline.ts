import { type Goal, judged } from '../goal.ts';
import type { Lab } from '../lab.ts';
import { compared, type Question } from '../prediction.ts';
import { ended, parts, predicted, shown, type Trial, words } from '../trial.ts';

export const cmdline: Lab = { name: 'cmdline', title: 'Words for the kernel', check };

const question: Question = {
  key: 'fruit',
  about: 'where lab.fruit=plum goes',
  answers: ['environment', 'arguments', 'nowhere'],
  why: 'a name with a dot is an option of the part before it: the kernel keeps it for a module of that name, which never comes',
};

const look =
  'tr "\\0" "\\n" </proc/1/environ; echo ==; tr "\\0" "\\n" </proc/1/cmdline; echo ==; cat /proc/sys/kernel/printk; echo ==; cat /proc/cmdline';

async function check(trial: Trial): Promise<Goal[]> {
  const own = words(trial, 'cmdline');
  const options = ['--net', 'none', '--append', 'lab.fruit=plum', ...(own === undefined ? [] : ['--append', own])];
  const seen = await trial.boot({ options, command: ['sh', '-c', look] });
  if (seen.status === undefined) return [ended('the machine boots with your words', seen)];
  const [environment, args, [printk = ''] = [], [line = ''] = []] = parts(seen.stdout).map((part) => part.trim().split('\n'));
  const told = { environment: environment ?? [], args: (args ?? []).slice(1), line: line.split(' ') };
  const unknown = seen.console.filter((text) => text.includes('Unknown kernel command line parameters'));
  return [
    compared(predicted(trial), question, place(told, 'lab.fruit=plum'), shown(trial, 'predict')),
    variable(told),
    last(told),
    judged(
      'the console shows errors and worse only',
      /^4\s/.test(printk),
      [`/proc/sys/kernel/printk: ${printk.replaceAll(/\s+/g, ' ')}`, ...unknown],
      told.args.some((word) => word.startsWith('loglevel='))
        ? 'loglevel= stands behind --, and what is there is not for the kernel'
        : 'the level of the console is an option of the kernel, with a number behind it',
    ),
  ];
}

/** What process 1 was told, and the whole line. */
interface Told {
  readonly environment: readonly string[];
  readonly args: readonly string[];
  readonly line: readonly string[];
}

function place({ environment, args }: Told, word: string): string {
  return environment.includes(word) ? 'environment' : args.includes(word) ? 'arguments' : 'nowhere';
}

function variable(told: Told): Goal {
  const named = told.environment.filter((word) => /^colour=/i.test(word));
  const among = told.args.filter((word) => /colour/i.test(word));
  const why =
    among.length > 0
      ? 'it is among the arguments: a variable has an = in it, and stands before --'
      : named.length > 0
        ? 'letters count, large and small ones too'
        : 'NAME=VALUE that the kernel does not know becomes a variable';
  return judged('process 1 has COLOUR=green', told.environment.includes('COLOUR=green'), [...named, ...among], why);
}

function last(told: Told): Goal {
  const why = told.environment.includes('pear=ripe')
    ? 'it is a variable of process 1: the kernel takes NAME=VALUE for one, unless it stands behind a word that ends its own'
    : told.line.includes('pear=ripe')
      ? 'it is in the command line, and not at the end of the arguments'
      : 'it is not in the command line';
  return judged(
    'the last argument of process 1 is pear=ripe',
    told.args.at(-1) === 'pear=ripe',
    [told.args.length === 0 ? 'it has no arguments' : `arguments: ${told.args.join(' ')}`],
    why,
  );
}

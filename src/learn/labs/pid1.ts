import { join } from 'node:path';
import { type Goal, judged, met } from '../goal.ts';
import type { Lab } from '../lab.ts';
import { compared, isAnswered, type Question } from '../prediction.ts';
import { asGiven, ended, impatient, predicted, type Seen, shown, type Trial } from '../trial.ts';

export const pid1: Lab = { name: 'pid1', title: 'Process 1 ends', check };

const question: Question = {
  key: 'exitcode',
  about: 'the exit code of an init that ends with 3',
  answers: /^(0x)?[0-9a-f]{1,8}$/,
  same: (answer, truth) => Number.parseInt(answer, 16) === Number.parseInt(truth, 16),
  why: 'it is a wait status, with the exit status in the byte above that of a signal',
};

const goal = 'the machine goes off, without a panic';

async function check(trial: Trial): Promise<Goal[]> {
  const given = predicted(trial);
  const truth = isAnswered(given, question) ? exitCode(await machine(trial, join(trial.given, 'init'), asGiven)) : undefined;
  const seen = await machine(trial, shown(trial, 'init'));
  const line = seen.console.find((text) => /^my pid is \d+$/.test(text));
  return [
    compared(given, question, truth, shown(trial, 'predict')),
    judged(
      'init says its pid, which is 1',
      line === 'my pid is 1',
      line === undefined ? [] : [line],
      'the line "my pid is 1" was not on the console: echo "my pid is $$" says it',
    ),
    end(seen),
  ];
}

function machine(trial: Trial, init: string, what = 'booting'): Promise<Seen> {
  return trial.boot({ what, options: ['--init', init, '--net', 'none', ...impatient] });
}

function exitCode({ console }: Seen): string | undefined {
  return console.map((text) => /Attempted to kill init! exitcode=0x([0-9a-f]{8})/.exec(text)?.[1]).find(Boolean);
}

function end(seen: Seen): Goal {
  const how = seen.diagnosis?.name ?? 'answered';
  if (how === 'guest-powered-off') return met(goal, seen.console.at(-1) ?? '');
  const code = exitCode(seen);
  if (code !== undefined) return ended(goal, seen, 'init has ended: it has to ask for the end of the machine before that');
  if (how === 'guest-restarted')
    return ended(goal, seen, 'that was a restart: here QEMU ends with it, but a machine would begin again');
  if (how === 'guest-halted') return ended(goal, seen, 'a machine that halts stands still, and stays on');
  if (how === 'answered')
    return ended(goal, seen, 'init goes on as a program that does not end, and nobody switches the machine off');
  if (how === 'no-agent') return ended(goal, seen, 'no panic: but init is still there, and so is the machine');
  return ended(goal, seen);
}

import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Goal, judged, met, missed } from '../goal.ts';
import type { Lab } from '../lab.ts';
import { compared, isAnswered, type Question, yesNo, yesOrNo } from '../prediction.ts';
import { asGiven, ended, impatient, predicted, type Seen, shown, type Trial } from '../trial.ts';

const link = ['root/dev/console', 'tty0'] as const;

export const consoleLab: Lab = { name: 'console', title: 'No console', links: [link], check };

const question: Question = {
  key: 'ran',
  about: 'an init without a console runs to its end',
  answers: yesOrNo,
  why: 'the machine was switched off, in silence: the kernel starts init without descriptors, and init goes on without them',
};

async function check(trial: Trial): Promise<Goal[]> {
  const untouched = `${shown(trial, link[0])} is the link to ${link[1]} that you were given`;
  if (!isLink(join(trial.folder, link[0]))) {
    return [missed(untouched, [], 'what is to be mended is init; eulab learn reset console lays everything out anew')];
  }
  const given = predicted(trial);
  const truth = isAnswered(given, question) ? yesNo(isOff(await machine(trial, join(trial.given, 'init'), asGiven))) : undefined;
  return [compared(given, question, truth, shown(trial, 'predict')), ...spoken(await machine(trial, shown(trial, 'init')))];
}

function isLink(file: string): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found?.isSymbolicLink() === true && readlinkSync(file) === link[1];
}

function machine(trial: Trial, init: string, what = 'booting'): Promise<Seen> {
  const options = ['--overlay', shown(trial, 'root'), '--init', init, '--net', 'none', ...impatient];
  return trial.boot({ what, options });
}

const isOff = ({ diagnosis }: Seen) => diagnosis?.name === 'guest-powered-off';

function spoken(seen: Seen): Goal[] {
  const said = 'init says "pid 1 speaks" on the console';
  const off = 'the machine goes off';
  const warning = seen.console.filter((text) => text.includes('unable to open an initial console'));
  const line = seen.console.find((text) => /^pid 1 speaks/.test(text));
  const logged = seen.console.find((text) => /^\[[ .\d]+\].*pid 1 speaks/.test(text));
  const heard =
    line !== undefined
      ? met(said, line)
      : logged !== undefined
        ? missed(said, [logged], "that came through the kernel's log, which has its own way out: other programs have not")
        : missed(
            said,
            warning,
            'init was started with the descriptors 0, 1 and 2 closed',
            'a console that comes to /dev later is not theirs by itself: init has to open it',
          );
  return [heard, isOff(seen) ? judged(off, true, [seen.console.at(-1) ?? '']) : ended(off, seen)];
}

import { join } from 'node:path';
import { type Goal, met, missed } from '../goal.ts';
import type { Lab } from '../lab.ts';
import { cover, type Mount, mountTable, visible } from '../mount-table.ts';
import { compared, isAnswered, type Question, yesNo, yesOrNo } from '../prediction.ts';
import { asGiven, ended, impatient, parts, predicted, type Seen, shown, type Trial } from '../trial.ts';

export const mounts: Lab = { name: 'mounts', title: 'The order of mounts', check };

const listed: Question = {
  key: 'listed',
  about: '/proc/mounts lists a /dev/pts that was mounted before /dev',
  answers: yesOrNo,
  why: 'it is mounted, and stays so: the table says what is mounted, and not what can be reached',
};

const seenToo: Question = {
  key: 'seen',
  about: '/dev/pts/ptmx can be seen then',
  answers: yesOrNo,
  why: 'the devtmpfs lies over the /dev in which that /dev/pts is, and has no folder pts of its own',
};

/** What is to be where; of /proc and /sys only that they are there. */
const wanted = [
  ['/proc', 'proc'],
  ['/sys', 'sysfs'],
  ['/dev', 'devtmpfs'],
  ['/dev/pts', 'devpts'],
  ['/dev/shm', 'tmpfs'],
] as const;

const look = 'cat /proc/self/mountinfo; echo ==; for at in /dev/pts/ptmx /dev/shm; do [ -e $at ] && echo $at; done';

async function check(trial: Trial): Promise<Goal[]> {
  const given = predicted(trial);
  const asked = [listed, seenToo].some((question) => isAnswered(given, question));
  const truth = asked ? facts(await machine(trial, join(trial.given, 'init'), asGiven)) : undefined;
  const file = shown(trial, 'predict');
  const seen = await machine(trial, shown(trial, 'init'));
  return [
    compared(given, listed, truth && yesNo(truth.table.some(({ place }) => place === '/dev/pts')), file),
    compared(given, seenToo, truth && yesNo(truth.there.includes('/dev/pts/ptmx')), file),
    ...reached(seen),
  ];
}

function machine(trial: Trial, init: string, what = 'booting'): Promise<Seen> {
  return trial.boot({ what, options: ['--init', init, '--net', 'none', ...impatient], command: ['sh', '-c', look] });
}

/** Undefined when the command did not run. */
function facts({ status, stdout }: Seen) {
  if (status === undefined) return undefined;
  const [table = '', there = ''] = parts(stdout);
  return { table: mountTable(table), there: there.split('\n') };
}

function reached(seen: Seen): Goal[] {
  const known = facts(seen);
  if (known === undefined || known.table.length === 0) {
    const why = 'eulab-agent finds the host through /proc/cmdline and the devices in /dev: without both it has no way to it';
    return [ended('the machine runs a command', seen, why)];
  }
  return wanted.map(([place, type]) => mounted(known.table, place, type, seen));
}

function mounted(table: readonly Mount[], place: string, type: string, { console }: Seen): Goal {
  const goal = `${place}: a ${type} that can be reached`;
  const found = visible(table, place);
  if (found?.place === place && found.type === type) return met(goal);
  const hides = cover(table, place);
  if (hides !== undefined) {
    return missed(
      goal,
      [`${place} is mounted, below a ${hides.type} that lies on ${hides.place}`],
      `the mount of ${hides.place} came after it, and covers it`,
    );
  }
  const failed = console.filter((text) => /^mount: /.test(text) && text.includes(place));
  if (failed.length > 0)
    return missed(goal, failed, `the folder ${place} has to be there, in the file system that lies on ${found?.place}`);
  return missed(
    goal,
    [`on ${place} is what lies on ${found?.place}: a ${found?.type}`],
    `nothing of the type ${type} is mounted there`,
  );
}

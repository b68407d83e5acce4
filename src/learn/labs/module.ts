import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { EulabError } from '../../errors.ts';
import { locate } from '../../exec.ts';
import { keptKernel } from '../../kernel/built.ts';
import { type Goal, judged, missed } from '../goal.ts';
import type { Host, Lab, Lacking } from '../lab.ts';
import { compared, type Question, yesNo, yesOrNo } from '../prediction.ts';
import { ended, parts, predicted, shown, type Trial } from '../trial.ts';

export const moduleLab: Lab = { name: 'module', title: 'A module of your own', lacks, check };

const question: Question = {
  key: 'loaded',
  about: 'a module is loaded with an option that it does not have',
  answers: yesOrNo,
  why: 'the kernel says "unknown parameter ... ignored", and loads it: options may come and go with versions',
};

/** A module is compiled by what compiled the kernel. */
async function lacks({ workspace, env }: Host): Promise<Lacking[]> {
  const without = 'the other labs need no compiler: eulab learn start dhcp';
  const lacking: Lacking[] = [];
  try {
    const { manifest } = await keptKernel({ workspace, name: undefined });
    if (manifest.inputs['engine'] === 'host' && locate('gcc', env) === undefined) {
      lacking.push({ what: 'gcc is not installed', remedy: 'sudo apt-get install -y build-essential', without });
    }
  } catch (error) {
    if (!(error instanceof EulabError)) throw error;
    lacking.push({ what: error.message, remedy: error.hint ?? 'eulab build kernel', without });
  }
  return lacking;
}

const look = `
insmod /greet.ko whom=lab 2>&1; echo ==
cat /sys/module/greet/parameters/whom 2>&1; echo ==
rmmod greet 2>&1; echo ==
insmod /greet.ko whon=x >/dev/null 2>&1; ls -d /sys/module/greet 2>/dev/null; echo ==
dmesg | sed -n "s/^\\[[^]]*\\] //; /greet/p"
`;

async function check(trial: Trial): Promise<Goal[]> {
  const built = join(trial.workspace.artifacts, 'extra/greet.ko');
  const stale = notBuilt(trial, built);
  if (stale !== undefined) return [stale];
  const options = ['--add', `${relative(process.cwd(), built)}:/greet.ko`, '--net', 'none'];
  const seen = await trial.boot({ options, command: ['sh', '-c', look] });
  if (seen.status === undefined) return [ended('the machine survives the module', seen)];
  const [insmod = '', whom = '', rmmod = '', again = '', log = ''] = parts(seen.stdout).map((part) => part.trim());
  const said = log.split('\n').filter((line) => line.startsWith('greet: ') && !line.includes('taints kernel'));
  return [
    stays(insmod, said),
    judged(
      'it greets whom its option says',
      said.includes('greet: hello, lab'),
      said.slice(0, 2),
      'the machine ran insmod greet.ko whom=lab, and there is no line "greet: hello, lab" in the kernel’s log',
    ),
    judged(
      '/sys/module/greet/parameters/whom says so too',
      whom === 'lab',
      [whom],
      'an option has a file there when its mode, the last word of module_param, lets somebody read it',
    ),
    judged(
      'it says goodbye',
      said.includes('greet: goodbye'),
      [rmmod].filter(Boolean),
      'after rmmod there is no line "greet: goodbye" in the kernel’s log',
    ),
    compared(predicted(trial), question, insmod === '' ? yesNo(again !== '') : undefined, shown(trial, 'predict')),
  ];
}

function notBuilt(trial: Trial, built: string): Goal | undefined {
  const goal = 'greet.ko is built from your greet.c';
  const line = `eulab build kernel -- M=${shown(trial, '')}`;
  const made = statSync(built, { throwIfNoEntry: false })?.mtimeMs;
  if (made === undefined) return missed(goal, [], `there is no artifacts/extra/greet.ko yet: ${line}`);
  const changed = ['greet.c', 'Kbuild'].find(
    (name) => (statSync(join(trial.folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0) > made,
  );
  return changed === undefined ? undefined : missed(goal, [`${changed} was changed after that`], `build it again: ${line}`);
}

function stays(insmod: string, said: readonly string[]): Goal {
  const why = /Invalid module format|Exec format/i.test(insmod)
    ? 'it was built for another kernel than the one in artifacts/: build it again'
    : /No such device|can't insert/i.test(insmod)
      ? 'its init function ran, and returned an error: so the kernel took it out again'
      : 'insmod said why';
  return judged('greet stays in the kernel when it is loaded', insmod === '', [...said.slice(0, 1), insmod].filter(Boolean), why);
}

import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Argument, Command } from 'commander';
import { usualArch } from '../architectures.ts';
import { kernelFile } from '../artifacts/kernel-names.ts';
import { show } from '../command.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import { layOut, placesOf, putAside } from '../learn/folder.ts';
import type { Goal } from '../learn/goal.ts';
import type { Lab } from '../learn/lab.ts';
import { labOf, labs, numberOf } from '../learn/labs.ts';
import { type Progress, progress } from '../learn/progress.ts';
import { current, following, standings } from '../learn/standing.ts';
import { textsOf } from '../learn/texts.ts';
import { painter, plainReport, shown } from '../ui.ts';
import type { Workspace } from '../workspace.ts';
import type { Context } from './context.ts';
import { defaultInitrd } from './default-initrd.ts';
import { goalLines, list } from './learn-report.ts';

/** `eulab learn [start|check|hint|next|reset]`. Options are positional: --json behind check is the check's. */
export function learn(context: Context) {
  return new Command('learn')
    .summary('ten short labs, with the real thing')
    .description(
      'Ten short labs of early userspace. Each lays a few files into learn/NAME, tells a story, and asks for something that a ' +
        'machine is to do. You change the files; check boots them, and says what the machine did. Without a verb: the labs, and how you stand.',
    )
    .addOption(settings.json())
    .enablePositionalOptions()
    .addHelpText('after', '\nExamples:\n  eulab learn\n  eulab learn next\n  eulab learn check\n  eulab learn hint')
    .action(async (options) => {
      const { of } = progress(context.env);
      const known = standings(of, (lab) => textsOf(placesOf(context.workspace(), lab)).hints.length, current(of));
      if (options.json === true) {
        const next = following(of, current(of))?.name ?? null;
        process.stdout.write(documentText('lessons', { schema: 1, labs: known, next }));
      } else process.stdout.write(list(known, await painter()));
    })
    .addCommand(start(context))
    .addCommand(next(context))
    .addCommand(check(context))
    .addCommand(hint(context))
    .addCommand(reset(context));
}

const which = (otherwise: string) =>
  new Argument('[lab]', `by its name, or its number (default: ${otherwise})`)
    .choices(labs.map(({ name }) => name))
    .argParser((word: string): Lab => labOf(word));

function start(context: Context) {
  return new Command('start')
    .summary('begin a lab, or read its text again')
    .description('Lay out the files of a lab in learn/NAME, where they are not there yet, and tell what it is about.')
    .addArgument(which('the one at hand, else the first'))
    .addHelpText('after', '\nExamples:\n  eulab learn start\n  eulab learn start mounts\n  eulab learn start 7')
    .action(async (lab) => {
      const kept = progress(context.env);
      await begin(context, kept, lab ?? current(kept.of) ?? first());
    });
}

function next(context: Context) {
  return new Command('next')
    .summary('begin the next lab that is not done')
    .description('Begin the next lab that is not done, as eulab learn start does.')
    .addHelpText('after', '\nExamples:\n  eulab learn next\n  eulab learn check && eulab learn next')
    .action(async () => {
      const kept = progress(context.env);
      const lab = following(kept.of, current(kept.of));
      if (lab === undefined) process.stdout.write('all labs are done; go on with eulab explain, and machines of your own\n');
      else await begin(context, kept, lab);
    });
}

function hint(context: Context) {
  return new Command('hint')
    .summary('the next hint; the last one is the answer')
    .description('Show the next hint of a lab: the first ones are nudges, the last one is the answer.')
    .addArgument(which('the one at hand'))
    .addHelpText('after', '\nExamples:\n  eulab learn hint\n  eulab learn hint dhcp')
    .action((asked) => {
      const kept = progress(context.env);
      const lab = asked ?? atHand(kept);
      const { hints } = textsOf(placesOf(context.workspace(), lab));
      const number = Math.min((kept.of(lab.name)?.hints ?? 0) + 1, hints.length);
      kept.note(lab.name, { hints: number });
      process.stdout.write(`${lab.name}, hint ${number} of ${hints.length}:\n\n${hints[number - 1]}`);
    });
}

function reset(context: Context) {
  return new Command('reset')
    .summary('begin a lab anew')
    .description('Lay out the files of a lab anew, and forget how far you were. Your files are moved to learn/NAME.before.')
    .addArgument(which('the one at hand'))
    .addHelpText('after', '\nExamples:\n  eulab learn reset\n  eulab learn reset mounts')
    .action((asked) => {
      const kept = progress(context.env);
      const lab = asked ?? atHand(kept);
      const workspace = context.workspace();
      const places = placesOf(workspace, lab);
      const aside = putAside(places);
      layOut(lab, places);
      kept.forget(lab.name);
      kept.note(lab.name, { root: workspace.root });
      const note = (text: string) => plainReport(context.manner)({ kind: 'note', text });
      if (aside !== undefined) note(`your files are in ${relative(process.cwd(), aside)}`);
      note(`${relative(process.cwd(), places.folder)} is as it was at the beginning`);
    });
}

function check(context: Context) {
  return new Command('check')
    .summary('boot what you made, and say what the machine did')
    .description(
      'Boot what you made of a lab, and say what the machine did, what that means, and whether the goals are reached. Status 1 ' +
        'when they are not. Files of settings say nothing of these machines, EULAB_* do.',
    )
    .addArgument(which('the one at hand'))
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab learn check\n  eulab learn check mounts\n  eulab learn check 3 --json')
    .action(async (asked, options) => {
      const kept = progress(context.env);
      const lab = asked ?? atHand(kept);
      const goals = await boots(context, lab, kept);
      const done = goals.every(({ state }) => state !== 'missed');
      const before = kept.of(lab.name);
      kept.note(lab.name, { checks: (before?.checks ?? 0) + 1, ...(done ? { doneMs: Date.now() } : {}) });
      if (options.json === true) {
        process.stdout.write(documentText('lesson', { schema: 1, lab: lab.name, done, goals }));
      } else await tell(context, kept, lab, goals);
      if (!done) context.exit(status.failed);
    });
}

/** @throws EulabError (2) when nothing was begun. */
function atHand({ of }: Progress): Lab {
  const lab = current(of);
  if (lab !== undefined) return lab;
  throw new EulabError('no lab was begun yet', { hint: 'begin the first: eulab learn next', exitCode: status.usage });
}

function first(): Lab {
  const [lab] = labs;
  if (lab === undefined) throw new Error('there are no labs');
  return lab;
}

async function begin(context: Context, kept: Progress, lab: Lab): Promise<void> {
  const workspace = context.workspace();
  const places = placesOf(workspace, lab);
  const made = layOut(lab, places);
  kept.note(lab.name, { root: workspace.root });
  const paint = await painter();
  const { text } = textsOf(places);
  process.stdout.write(`${paint('bold', `${numberOf(lab)}. ${lab.title}`)}\n\n${text}`);
  const report = plainReport(context.manner);
  const folder = relative(process.cwd(), places.folder);
  if (made.length > 0) report({ kind: 'note', text: `laid out in ${folder}: ${made.join(', ')}` });
  const absent = unbuilt(workspace);
  if (absent !== undefined) {
    report({ kind: 'warning', text: `a lab boots a machine: ${absent.message}`, hint: absent.hint ?? '' });
    return;
  }
  for (const { what, remedy, without } of (await lab.lacks?.({ ...context, workspace })) ?? []) {
    report({
      kind: 'warning',
      text: `this lab needs more than there is: ${what}`,
      hint: `${remedy}; without that: ${without}`,
    });
  }
}

/** What every lab needs, and is not there yet. */
function unbuilt({ artifacts }: Workspace): EulabError | undefined {
  const parts = [
    ['kernel', kernelFile(artifacts, undefined, usualArch)],
    ['ramdisk', defaultInitrd(artifacts, usualArch)],
  ] as const;
  const absent = parts.filter(([, file]) => !existsSync(file)).map(([what]) => what);
  if (absent.length === 0) return undefined;
  return new EulabError(`there is no ${absent.join(', and no ')} in ${relative(process.cwd(), artifacts)} yet`, {
    hint: absent.map((what) => `eulab build ${what}`).join(' && '),
    exitCode: status.notReady,
  });
}

/** Boots the lab's machines. @throws EulabError (2) for a lab that was not laid out here. */
async function boots(context: Context, lab: Lab, kept: Progress): Promise<Goal[]> {
  const workspace = context.workspace();
  const { folder, lesson } = placesOf(workspace, lab);
  if (!existsSync(folder)) throw elsewhere(lab, folder, kept.of(lab.name)?.root);
  const absent = unbuilt(workspace);
  if (absent !== undefined) throw absent;
  const { bootFor } = await import('./learn-boot.ts');
  return await shown(context.manner, async ({ report }) => {
    const step = (text: string) => report({ kind: 'step', text });
    return await lab.check({
      ...{ folder, workspace, step, given: join(lesson, 'files'), initrd: defaultInitrd(workspace.artifacts, usualArch) },
      ...{ env: context.env, signal: context.signal },
      boot: async (booting) => {
        step(`${booting.what ?? 'booting'}: ${show({ file: 'eulab', args: ['boot', ...withoutLimits(booting.options)] })}`);
        return await bootFor(context, booting);
      },
    });
  });
}

function elsewhere({ name }: Lab, folder: string, root: string | undefined): EulabError {
  const there =
    root === undefined
      ? ''
      : `go on where you began it: ${show({ file: 'eulab', args: ['-C', root, 'learn', 'check', name] })}; or `;
  return new EulabError(`there is no ${relative(process.cwd(), folder)}: the lab was not begun here`, {
    hint: `${there}begin it here: eulab learn start ${name}`,
    exitCode: status.usage,
  });
}

/** What the learner would type. */
function withoutLimits(options: readonly string[]): string[] {
  return options.filter((word, index) => word !== '--limit' && options[index - 1] !== '--limit');
}

async function tell(context: Context, kept: Progress, lab: Lab, goals: readonly Goal[]): Promise<void> {
  const paint = await painter();
  const { hints, end } = textsOf(placesOf(context.workspace(), lab));
  process.stdout.write(goalLines(goals, paint));
  if (goals.every(({ state }) => state !== 'missed')) {
    const after = following(kept.of, lab);
    const go = after === undefined ? 'that was the last of them' : 'go on: eulab learn next';
    process.stdout.write(`\n${paint('green', `${lab.name} is done.`)}\n\n${end}\n${go}\n`);
    return;
  }
  const left = hints.length - (kept.of(lab.name)?.hints ?? 0);
  const more = left > 0 ? `eulab learn hint ${lab.name} (${left} left)` : `the answer: eulab learn hint ${lab.name}`;
  process.stdout.write(`\nnot yet. A hint: ${more}\n`);
}

import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Argument, Command } from 'commander';
import { archs } from '../boot/machine/arch.ts';
import { settings } from '../config.ts';
import { examinations, examine } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Host } from '../doctor/host.ts';
import { examined, lines, summary } from '../doctor/report.ts';
import { userName } from '../doctor/user.ts';
import { documentText } from '../documents/document.ts';
import { type Check, EulabError, status } from '../errors.ts';
import { start } from '../exec.ts';
import type { NicAsked } from '../net-values.ts';
import { painter, shown } from '../ui.ts';
import { version } from '../version.ts';
import type { Context } from './context.ts';

/** `eulab doctor [CHECK...]`: what this host lacks, by trying it. */
export function doctor(context: Context) {
  const names = examinations.map(({ name }) => name);
  return new Command('doctor')
    .description(
      'Look at all that the verbs need, as the user who asks: by doing it where it can be done (a guest under KVM, a RUN in a\n' +
        'container, a user namespace). Each line is ok, a warning (an option does not work, or slower) or a failure (a verb does\n' +
        'not work), with what it costs and the one command that mends it. Nothing is changed without --fix. Status 3 for a failure.',
    )
    .addArgument(new Argument('[check...]', 'look at these only').choices(names))
    .addOption(settings.fix())
    .addOption(settings.yes())
    .addOption(settings.json())
    .addOption(settings.qemu())
    .addOption(settings.bridge())
    .addOption(settings.bridgeHelper())
    .addOption(settings.releases())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab doctor\n  eulab doctor kvm qemu\n  eulab doctor --fix\n  eulab doctor --json | jq .state',
    )
    .action(async (checks, options, command) => {
      const { json } = options;
      if (options.fix === true && options.yes !== true) needAnswers();
      const host = await hostOf(context, options, (name) => command.getOptionValueSource(name) === 'default');
      const wanted = checks as Check[];
      let found = await looked(wanted, host, context);
      if (options.fix === true) {
        if (json !== true) await tell(found);
        const mended = await fix(found, options.yes === true, context);
        if (mended.length > 0) {
          const again = await looked(mended, host, context);
          found = found.map((one) => again.find(({ name }) => name === one.name) ?? one);
          if (json !== true) await tell(again);
        }
      } else if (json !== true) await tell(found);
      const document = examined(found, { eulab: version(), user: userName() });
      if (json === true) process.stdout.write(documentText('doctor', document));
      if (document.state === 'failure') context.exit(status.notReady);
    });
}

/** The host as the verbs would use it: what nobody says to the doctor is what the files say to `boot`, `net` and `build`. */
async function hostOf(
  context: Context,
  options: Pick<Host, 'bridge'> & { readonly [name in 'qemu' | 'bridgeHelper' | 'releases']?: string },
  unsaid: (name: string) => boolean,
): Promise<Host> {
  const files = await filesSay(context);
  const { env, signal } = context;
  const bridge = unsaid('bridge')
    ? (files('net', 'bridge') ?? joined(files<Cards>('boot', 'net')) ?? options.bridge)
    : options.bridge;
  return {
    ...{ env, signal, workspace: context.workspace() },
    qemu: options.qemu ?? files('boot', 'qemu') ?? ownArch().program,
    bridge,
    bridgeHelper: options.bridgeHelper ?? files('boot', 'bridgeHelper') ?? files('net', 'bridgeHelper'),
    releases: options.releases ?? files('build', 'releases'),
  };
}

/** What the files say of an option of a verb. */
async function filesSay({ settings, tree }: Context) {
  const verbs = ['boot', 'net', 'build'] as const;
  const said = new Map<string, unknown>();
  for (const name of settings.files().length === 0 ? [] : verbs) {
    const verb = (await tree(name)).commands.find((one) => one.name() === name);
    for (const { setting, value } of verb === undefined ? [] : await settings.says(verb)) {
      said.set(`${name}.${setting.option.attributeName()}`, value);
    }
  }
  return <Value = string>(verb: (typeof verbs)[number], option: string) => said.get(`${verb}.${option}`) as Value | undefined;
}

type Cards = readonly (NicAsked | 'none')[];

/** The first bridge that a machine joins. */
function joined(cards: Cards | undefined): string | undefined {
  for (const card of cards ?? []) if (card !== 'none' && card.net.kind === 'bridge') return card.net.name;
  return undefined;
}

/** The architecture of this host, where eulab boots it; else what most kernels are for. */
function ownArch() {
  return Object.values(archs).find(({ node }) => node === process.arch) ?? archs.x86_64;
}

async function looked(checks: readonly Check[], host: Host, { manner }: Context): Promise<Finding[]> {
  // Those who wait look at a terminal; a program reads what comes.
  return await shown({ ...manner, quiet: manner.quiet || !process.stderr.isTTY }, async ({ report }) => {
    report({ kind: 'step', text: 'looking at this host' });
    return await examine(checks, host, report);
  });
}

async function tell(found: readonly Finding[]): Promise<void> {
  const paint = await painter();
  const all = [...lines(found, paint), '', summary(found)];
  process.stdout.write(all.map((line) => `${line}\n`).join(''));
}

/** @throws EulabError (2) when there is nobody to answer. */
function needAnswers(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return;
  throw new EulabError('--fix asks before each command, and there is no terminal to ask on', {
    hint: 'run them without being asked: --yes; or leave --fix out: eulab doctor prints them',
    exitCode: status.usage,
  });
}

/** Runs the safe remedies, each after a yes, and returns the names of the checks that they are for. */
async function fix(found: readonly Finding[], yes: boolean, { signal }: Context): Promise<Check[]> {
  const safe = found.filter(({ remedy }) => remedy?.safe === true);
  if (safe.length === 0) process.stderr.write('eulab: there is nothing that --fix would run\n');
  const mended: Check[] = [];
  for (const { name, remedy } of safe) {
    if (remedy === null || !(yes || (await agreed(`eulab: ${name}: run ${remedy.command} ? [y/N] `, signal)))) continue;
    process.stderr.write(`eulab: running ${remedy.command}\n`);
    // stdout is for what is told.
    const child = await start({ file: 'sh', args: ['-c', `exec >&2; ${remedy.command}`] }, ['inherit', 'inherit', 'inherit']);
    const [code] = await once(child, 'exit');
    signal.throwIfAborted();
    if (code === 0) mended.push(name);
    else process.stderr.write(`eulab: it ended with ${code ?? 'a signal'}\n`);
  }
  return mended;
}

/** The answer of a person; a closed stdin is a no. */
async function agreed(question: string, signal: AbortSignal): Promise<boolean> {
  // Not as a terminal: ctrl-C then comes as the signal that it is.
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const closed = once(reader, 'close').then(() => '');
    return /^y(es)?$/i.test((await Promise.race([reader.question(question, { signal }), closed])).trim());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    reader.close();
  }
}

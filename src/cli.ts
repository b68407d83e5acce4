import { Command, CommanderError, type CommandUnknownOpts, Option } from 'commander';
import type { Context } from './commands/context.ts';
import { tables, verbs } from './commands/verbs.ts';
import type { Configuration } from './configuration/configuration.ts';
import { type ConfigFile, findFiles, projectFolder } from './configuration/find.ts';
import { EulabError, Interrupted, type Signal, signalNumbers } from './errors.ts';
import { mannerSettings } from './manner-settings.ts';
import type { Manner } from './ui.ts';
import { version } from './version.ts';
import { workspace } from './workspace.ts';

/** The options before the verb that take a word. */
const valued = ['-C', '--directory', '--config'];

const signals = Object.keys(signalNumbers) as Signal[];

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const interrupted = new AbortController();
  let taker: ((signal: Signal) => void) | undefined;
  for (const signal of signals) {
    process.on(signal, () => {
      const take = taker ?? (() => interrupted.abort(new Interrupted(signal)));
      taker = undefined;
      take(signal);
    });
  }
  const broken = (error: EulabError) => interrupted.abort(error);
  heedStdout(broken);
  const program = globals();
  const settings = settingsFor(program);
  let manner: Manner = { quiet: false, verbose: false, events: undefined };
  const context: Context = {
    env: process.env,
    signal: interrupted.signal,
    passSignal: (take) => {
      taker = take;
      return {
        [Symbol.dispose]: () => {
          taker = undefined;
        },
      };
    },
    get manner() {
      return manner;
    },
    workspace: () => workspace(program.opts().directory ?? settings.folder() ?? '.', process.env),
    settings,
    tree: (verb) => wholeTree(context, verb),
    exit: (code) => {
      process.exitCode = code;
    },
  };
  program.hook('preAction', async (_program, command) => {
    await settings.configure(command);
    manner = await (await import('./commands/manner.ts')).mannerOf(command, broken);
  });
  const failed = async (error: unknown) => {
    const { explain } = await import('./commands/explain.ts');
    process.exitCode = await explain(error, saidDebug(args), settings.given(), context.tree);
  };
  const error = await called(program, context, args).then(
    () => undefined,
    (thrown: unknown) => thrown ?? new Error('nothing was thrown'),
  );
  // Help and version come as errors too, and end well.
  if (error !== undefined && !(error instanceof CommanderError && error.exitCode === 0)) await failed(error);
  await manner.events?.end({ status: Number(process.exitCode ?? 0), error });
  // What went wrong with the last words on stdout is told behind them.
  await new Promise((settle) => setImmediate(settle));
  // Whoever was to hear of it did not, though all else went well.
  const { reason, aborted } = interrupted.signal;
  if (error === undefined && aborted && !(reason instanceof Interrupted)) await failed(reason);
  // Nothing is left to do, though a terminal or an inherited pipe on stdin may still keep the process waiting.
  process.stdin.destroy();
}

/** A reader that goes away while we print (`eulab --help | head -1`) is no failure of ours to report; a full disk is one. */
function heedStdout(broken: (error: EulabError) => void): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exitCode ??= 128 + 13;
    else broken(new EulabError(`stdout cannot be written (${error.code})`, { hint: 'make room on the disk', cause: error }));
  });
}

function saidDebug(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--debug');
}

/** Does what the command line says. @throws what went wrong. */
async function called(program: ReturnType<typeof globals>, context: Context, args: readonly string[]): Promise<void> {
  const words = wordsOf(args);
  // `eulab help build kernel` is `eulab build kernel --help`.
  const line = words[0] === 'help' ? [...args.filter((arg) => arg !== 'help'), '--help'] : [...args];
  await withVerbs(program, context, words[0] === 'help' ? words[1] : words[0]);
  if (line.some((arg) => ['-h', '--help'].includes(arg))) knownVerbs(program, wordsOf(line));
  await program.parseAsync(line, { from: 'user' });
}

function globals() {
  return new Command('eulab')
    .description("Early userspace lab: from a kernel source to a booted shell, or to a command's exit status.")
    .version(version(), '-V, --version', 'the version, and the git commit it was made from')
    .option(
      '-C, --directory <dir>',
      'work in this folder: outputs go to its artifacts/ (default: that of eulab.toml, else this one)',
    )
    .addOption(
      new Option('--config <file>', 'settings for this call, instead of the eulab.toml here or above; none: no file at all').env(
        'EULAB_CONFIG',
      ),
    )
    .addOption(mannerSettings.quiet().helpGroup('Options:'))
    .addOption(mannerSettings.verbose().helpGroup('Options:'))
    .addOption(mannerSettings.debug().helpGroup('Options:'))
    .helpOption('-h, --help', 'this help, or that of a command')
    .commandsGroup('Settings and help:')
    .helpCommand('help [command]', 'the help of a command')
    .enablePositionalOptions()
    .addHelpText('after', '\nFirst steps:\n  eulab build kernel && eulab build ramdisk\n  eulab boot\n  eulab boot -- uname -a');
}

/** The words of a command line before `--` that are no options, nor values of those before the verb. */
function wordsOf(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const before = end === -1 ? args : args.slice(0, end);
  return before.filter((arg, index) => !arg.startsWith('-') && !valued.includes(before[index - 1] ?? ''));
}

/** Help for a verb that is none is no help. @throws CommanderError, as without the wish for help. */
function knownVerbs(program: CommandUnknownOpts, words: readonly string[]): void {
  const [word, ...rest] = words;
  const verb = program.commands.find((command) => command.name() === word);
  if (verb !== undefined) knownVerbs(verb, rest);
  else if (word !== undefined && program.commands.length > 0 && program.registeredArguments.length === 0) {
    program.parse([word], { from: 'user' });
  }
}

/** Adds every verb by name and summary, and the one that is called with all that it has. */
async function withVerbs(program: ReturnType<typeof globals>, context: Context, called: string | undefined): Promise<void> {
  for (const { name, group, summary, load, hidden = false } of verbs) {
    const command = name === called ? (await load())(context) : new Command(name);
    program.addCommand(command.summary(summary).helpGroup(group), { hidden });
    if (name === called && !hidden) await mannered(command);
  }
  inherit(program);
}

/** Gives a verb the options of every verb. */
async function mannered(command: CommandUnknownOpts): Promise<void> {
  fewOptions(command);
  (await import('./commands/manner.ts')).withManner(command);
}

/** A few options need no headings. */
function fewOptions(command: CommandUnknownOpts): void {
  if (command.options.length < 9) for (const option of command.options) option.helpGroup('Options:');
  for (const child of command.commands) fewOptions(child);
}

/** The program with every verb and all that they have, or all that one has, for whoever describes it. */
async function wholeTree(context: Context, only: string | undefined): Promise<CommandUnknownOpts> {
  const { withManner } = await import('./commands/manner.ts');
  const program = globals();
  for (const { name, summary, load, hidden = false } of verbs) {
    const wanted = only === undefined || only === name;
    const command = wanted ? (await load())(context) : new Command(name);
    program.addCommand(command.summary(summary), { hidden });
    if (wanted && !hidden) withManner(command);
  }
  return program;
}

/** Errors come to `explain`, from every depth of the tree, with the command that they are about. */
function inherit(command: CommandUnknownOpts): void {
  command
    .exitOverride((error) => {
      throw Object.assign(error, { command });
    })
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError();
  for (const child of command.commands) inherit(child);
}

/** The settings of the files, which are looked for once, and read only when there are any. */
function settingsFor(program: ReturnType<typeof globals>): Context['settings'] {
  let files: readonly ConfigFile[] | undefined;
  let read: Configuration | undefined;
  // An empty variable is as none.
  const asked = () => program.opts().config || undefined;
  const find = () => {
    files ??= findFiles(program.opts().directory ?? '.', asked(), process.env);
    return files;
  };
  const load = async () => {
    const { configuration } = await import('./configuration/configuration.ts');
    read ??= configuration(find(), tables);
    return read;
  };
  return {
    files: find,
    tables,
    folder: () => {
      return projectFolder(find(), asked());
    },
    configure: async (command) => {
      const verb = command.parent === program ? command : command.parent;
      if (verb === null || !tables.includes(verb.name()) || find().length === 0) return;
      if (verb.name() === 'net' && lent() && program.getOptionValueSource('config') !== 'cli') await noteUnread(find());
      else (await load()).configure(command);
    },
    says: async (verb) => (find().length === 0 ? [] : (await load()).says(verb)),
    machine: async (command, name) => (await load()).machine(command, name),
    given: () => read?.given ?? [],
  };
}

/** Says which files are not heeded that have something to say of the network. */
async function noteUnread(files: readonly ConfigFile[]): Promise<void> {
  const { naming } = await import('./configuration/configuration.ts');
  for (const path of naming(files, 'net')) {
    process.stderr.write(
      `eulab: under sudo ${path} is not read: leave sudo out (it is called when it is needed), or name the file: --config\n`,
    );
  }
}

/** Root's rights, lent by sudo for this very call: nothing but the call may say then what is done with them. */
function lent(): boolean {
  return process.getuid?.() === 0 && !['0', undefined].includes(process.env['SUDO_UID']);
}

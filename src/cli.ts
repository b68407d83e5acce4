import { Command, CommanderError, type CommandUnknownOpts } from 'commander';
import type { Context } from './commands/context.ts';
import { EulabError, Interrupted, type Signal, signalNumbers, status } from './errors.ts';
import { version } from './version.ts';
import { workspace } from './workspace.ts';

/** The verbs, in the order of the help. Each is loaded when it is called: `eulab --help` waits for none of them. */
const verbs = [
  { name: 'build', summary: 'build the kernel or the ramdisk', load: async () => (await import('./commands/build.ts')).build },
  {
    name: 'kernels',
    summary: 'the kernels of the workspace: list, use, remove',
    load: async () => (await import('./commands/kernels.ts')).kernels,
  },
  {
    name: 'boot',
    summary: 'boot: a shell, or one command and its status',
    load: async () => (await import('./commands/boot.ts')).boot,
  },
  { name: 'ps', summary: 'the machines that run', load: async () => (await import('./commands/ps.ts')).ps },
  { name: 'exec', summary: 'run a command in a running machine', load: async () => (await import('./commands/exec.ts')).exec },
  {
    name: 'console',
    summary: 'the console of a running machine',
    load: async () => (await import('./commands/console.ts')).console,
  },
  { name: 'stop', summary: 'switch a running machine off', load: async () => (await import('./commands/stop.ts')).stop },
  {
    name: 'disk',
    summary: 'disks for the guest: create, list, remove',
    load: async () => (await import('./commands/disk.ts')).disk,
  },
  {
    name: 'ramdisk',
    summary: 'look inside any initramfs: list, show, extract, compare, explain',
    load: async () => (await import('./commands/ramdisk.ts')).ramdisk,
  },
  {
    name: 'net',
    summary: "the host's network for machines: up, down, status",
    load: async () => (await import('./commands/net.ts')).net,
  },
  {
    name: 'image',
    summary: 'the container image that builds run in',
    load: async () => (await import('./commands/image.ts')).image,
  },
  {
    name: 'doctor',
    summary: 'what this host lacks for all that, and what mends it',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'clean',
    summary: 'remove what eulab made, and nothing else',
    load: async () => (await import('./commands/clean.ts')).clean,
  },
] as const;

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
  // A reader that goes away while we print (`eulab --help | head -1`) is no failure of ours to report.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exitCode ??= 128 + 13;
    else throw error;
  });
  const program = globals();
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
    workspace: () => workspace(program.opts().directory, process.env),
    exit: (code) => {
      process.exitCode = code;
    },
  };
  try {
    await withVerbs(program, context, args);
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = await explain(error, program.opts().debug === true);
  }
  // Nothing is left to do, though a terminal or an inherited pipe on stdin may still keep the process waiting.
  process.stdin.destroy();
}

function globals() {
  return new Command('eulab')
    .description("Early userspace lab: from a kernel source to a booted shell, or to a command's exit status.")
    .version(version(), '-V, --version', 'the version, and the git commit it was made from')
    .option('-C, --directory <dir>', 'work in this folder: outputs go to its artifacts/', '.')
    .option('--debug', 'show stack traces and the programs that failed')
    .helpOption('-h, --help', 'this help, or that of a command')
    .helpCommand('help [command]', 'the help of a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', '\nFirst steps:\n  eulab build kernel && eulab build ramdisk\n  eulab boot\n  eulab boot -- uname -a');
}

/** Adds every verb by name and summary, and the one that is called with all that it has. */
async function withVerbs(program: ReturnType<typeof globals>, context: Context, args: readonly string[]): Promise<void> {
  const words = args.filter((arg, index) => !arg.startsWith('-') && !['-C', '--directory'].includes(args[index - 1] ?? ''));
  const called = words[0] === 'help' ? words[1] : words[0];
  for (const { name, summary, load } of verbs) {
    const command = name === called ? (await load())(context) : new Command(name);
    program.addCommand(inherit(command.summary(summary)));
  }
}

/** Errors come to `explain`, from every depth of the tree. */
function inherit<Any extends CommandUnknownOpts>(command: Any): Any {
  command
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError();
  for (const child of command.commands) inherit(child);
  return command;
}

/** Tells the user what went wrong and returns the exit status for it. */
async function explain(error: unknown, debug: boolean): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return status.done;
    if (error.code === 'commander.help') return status.usage;
    const [message = '', ...hints] = error.message.replace(/^error: /, '').split('\n');
    process.stderr.write(
      `eulab: ${message}\n${hints
        .filter(Boolean)
        .map((hint) => `  hint: ${hint.replace(/^\(|\)$/g, '')}\n`)
        .join('')}`,
    );
    return status.usage;
  }
  const { failure } = await import('./ui.ts');
  if (error instanceof EulabError) {
    process.stderr.write(await failure(error));
    if (debug) process.stderr.write(`${error.stack ?? ''}\n${error.cause === undefined ? '' : `caused by: ${error.cause}\n`}`);
    return error.exitCode;
  }
  process.stderr.write(
    await failure({ message: 'this is a bug of eulab; please report it with these lines', details: [], hint: undefined }),
  );
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return status.failed;
}

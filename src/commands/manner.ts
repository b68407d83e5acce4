import type { CommandUnknownOpts } from 'commander';
import { wordsOf } from '../configuration/section.ts';
import { EulabError, status } from '../errors.ts';
import { mannerSettings } from '../manner-settings.ts';
import type { Manner } from '../ui.ts';
import { version } from '../version.ts';

const { quiet, verbose, events, debug } = mannerSettings;

/** Gives every command that does something the options by which it speaks less, more, or to programs. */
export function withManner(command: CommandUnknownOpts): void {
  if (command.commands.length === 0 || command.options.length > 0) {
    const all = [quiet(), verbose(), events(), debug()];
    for (const option of all) if (!command.options.some(({ long }) => long === option.long)) command.addOption(option);
  }
  for (const child of command.commands) withManner(child);
}

/**
 * How this call speaks. What the command line says wins over environment and files; `broken` is called when events cannot be written
 * any more.
 *
 * @throws EulabError (2) when it is to be quiet and verbose, or there is no place for its events.
 */
export async function mannerOf(command: CommandUnknownOpts, broken: (error: EulabError) => void): Promise<Manner> {
  const [quiet, verbose] = [said(command, 'quiet'), said(command, 'verbose')];
  if (quiet === 'cli' && verbose === 'cli') {
    throw new EulabError('--quiet and --verbose exclude each other', { hint: 'leave one of them out', exitCode: status.usage });
  }
  const { events } = command.optsWithGlobals() as { readonly events?: string };
  return {
    quiet: quiet !== undefined && verbose !== 'cli',
    verbose: verbose !== undefined && quiet !== 'cli' && (quiet === undefined || verbose === 'cli'),
    events: events === undefined ? undefined : await opened(command, events, { verbose: verbose !== undefined, broken }),
  };
}

/** Where a switch was set: on the command line, before or behind the verb, or elsewhere; undefined when it is not. */
function said(command: CommandUnknownOpts | null, name: string): 'cli' | 'else' | undefined {
  if (command === null) return undefined;
  const above = said(command.parent, name);
  const source = command.getOptionValue(name) === true ? command.getOptionValueSource(name) : undefined;
  return source === 'cli' || above === 'cli' ? 'cli' : source === undefined ? above : 'else';
}

async function opened(
  command: CommandUnknownOpts,
  target: string,
  { verbose, broken }: { readonly verbose: boolean; readonly broken: (error: EulabError) => void },
) {
  const verb = wordsOf(command).slice(1).join(' ');
  if (target === '-' && speaks(command, verb)) {
    throw new EulabError(`--events -: stdout is for what ${verb} has to say`, {
      hint: 'name a file, --events FILE, or a descriptor: --events fd:3 3>FILE',
      exitCode: status.usage,
    });
  }
  const { openEvents } = await import('../event-stream.ts');
  // Other statuses are those of a command in the guest.
  const failure = verb === 'boot' || verb === 'exec' ? status.unknown : status.failed;
  return openEvents(target, { eulab: version(), verb, verbose, failure }, broken);
}

/** The verbs that leave stdout empty, unless they are asked for a document or for what they would do. */
const silent = ['build kernel', 'build ramdisk', 'pull', 'net up', 'net down', 'image bootstrap', 'disk create', 'disk remove'];

function speaks(command: CommandUnknownOpts, verb: string): boolean {
  const { json, dryRun } = command.opts() as { readonly json?: unknown; readonly dryRun?: true };
  const targets = verb === 'build kernel' && command.args.length > 0;
  return !silent.includes(verb) || targets || json !== undefined || dryRun === true;
}

import { explained } from '../boot/machine/explain.ts';
import { type Bare, qemu } from '../boot/machine/qemu.ts';
import type { Choice } from '../boot/machine/recipe.ts';
import { nextName, runtimeFolder } from '../boot/running/running.ts';
import { show } from '../command.ts';
import { type Document, documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import type { Options } from './boot-options.ts';
import type { Context } from './context.ts';
import { callFacts } from './plan-text.ts';

/** A boot that is only told of. */
export interface Planned {
  readonly machine: Bare;
  readonly choices: readonly Choice[];
  readonly notes: readonly string[];
}

/** Tells what would be run and why so, as --dry-run, --explain and --json ask: the private folder and QEMU, whose sockets lie in it. */
export async function tellPlan(context: Context, { machine, choices, notes }: Planned, options: Options): Promise<void> {
  const { folder } = await nextName(options.name, runtimeFolder(context.env));
  const call = qemu({ ...machine, folder });
  if (options.json !== undefined) {
    const told = choices.map(({ what, value, gain = null, against = null, reason }) => ({ what, value, gain, against, reason }));
    await putDocument(
      options.json,
      documentText('boot-plan', { schema: 1, folder, qemu: callFacts(call), choices: told, notes: [...notes] }),
    );
    return;
  }
  if (options.explain) process.stdout.write(explained(choices));
  if (!options.dryRun) return;
  const make = show({ file: 'mkdir', args: ['-p', '-m', '700', folder] });
  process.stdout.write(`${make}\n${show(call)}\n`);
}

/** Says what got slower and faster between two timelines. @throws EulabError (2) when there are not two, or one of them is none. */
export async function tellComparison(words: readonly string[], json: string | undefined): Promise<void> {
  const { compareFiles } = await import('../boot/timeline/files.ts');
  const { comparison, files } = compareFiles(words);
  if (json === undefined) {
    const { compareText } = await import('../boot/timeline/compare.ts');
    process.stdout.write(compareText(comparison, files));
    return;
  }
  const { boots, settings, differences } = comparison;
  const told: Document<'comparison'>['differences'] = differences.map((one) => ({
    ...one,
    before: one.before ?? null,
    after: one.after ?? null,
  }));
  await putDocument(json, documentText('comparison', { schema: 1, files, boots, settings, differences: told }));
}

/** Writes a document to a file, or to stdout for `-`. */
async function putDocument(target: string, text: string): Promise<void> {
  if (target === '-') process.stdout.write(text);
  else (await import('../boot/outcome.ts')).write(target, text);
}

/** The error for an outcome that is to go to stdout. */
export function takenStdout(): EulabError {
  return new EulabError('--json -: stdout is the command’s', {
    hint: 'name a file: --json FILE; - is for --dry-run, --explain and --compare',
    exitCode: status.usage,
  });
}

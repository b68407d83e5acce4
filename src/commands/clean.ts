import { relative } from 'node:path';
import { Argument, Command } from 'commander';
import { apply, cleanable, plan, type Removal } from '../clean.ts';
import { settings } from '../config.ts';
import { size, ui } from '../ui.ts';
import type { Context } from './context.ts';

/** `eulab clean [WHAT...]`. */
export function clean(context: Context) {
  return new Command('clean')
    .summary('remove what eulab made, and nothing else')
    .description(
      'Remove what eulab made: what the manifests in artifacts/ list and is unchanged since, logs, and what killed builds left.\n' +
        'The cache goes only when it is named.',
    )
    .addArgument(new Argument('[what...]', 'what to remove (default: all but the cache)').choices(cleanable))
    .addOption(settings.dryRun())
    .addHelpText('after', '\nExamples:\n  eulab clean --dry-run\n  eulab clean kernel\n  eulab clean cache')
    .action(async (what, options) => {
      const workspace = context.workspace();
      const planned = await plan(workspace, what, context.signal);
      const nothing = planned.removals.every(({ kind }) => kind === 'folder' || kind === 'lock');
      const sum = planned.removals.reduce((bytes, one) => bytes + one.bytes, 0);
      using display = await ui({ verbose: false });
      for (const text of planned.notes) display.report({ kind: 'note', text });
      if (options.dryRun === true) {
        process.stdout.write(listing(planned.removals, workspace.root));
        display.report({ kind: 'note', text: nothing ? 'nothing to remove' : `would free ${size(sum)}` });
        return;
      }
      if (!nothing) display.report({ kind: 'step', text: `removing ${size(sum)}` });
      const bytes = await apply(planned, workspace, context.signal);
      display.report({ kind: 'note', text: nothing ? 'nothing to remove' : `removed ${size(bytes)}` });
    });
}

/** A line for each thing that holds anything: its size, its path (relative where it lies in the workspace), what it is. */
function listing(removals: readonly Removal[], root: string): string {
  const shown = removals.filter(({ kind }) => kind === 'file' || kind === 'tree');
  const rows = shown.map(({ path, bytes, why }) => {
    const short = relative(root, path);
    return [size(bytes), short.startsWith('..') ? path : short, why] as const;
  });
  const wide = Math.max(0, ...rows.map(([, path]) => path.length));
  return rows.map(([bytes, path, why]) => `${bytes.padStart(10)}  ${path.padEnd(wide)}  ${why}\n`).join('');
}

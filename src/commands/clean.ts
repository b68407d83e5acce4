import { relative } from 'node:path';
import { Argument, Command } from 'commander';
import { apply, cleanable, plan, type Removal } from '../clean.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { shown, size } from '../ui.ts';
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
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab clean --dry-run\n  eulab clean kernel\n  eulab clean cache')
    .action(async (what, options) => {
      const workspace = context.workspace();
      const planned = await plan(workspace, what, context.signal);
      const nothing = planned.removals.every(({ kind }) => kind === 'folder' || kind === 'lock');
      const sum = planned.removals.reduce((bytes, one) => bytes + one.bytes, 0);
      const done = options.dryRun !== true;
      await shown(context.manner, async ({ report }) => {
        for (const text of planned.notes) report({ kind: 'note', text });
        if (!done && options.json !== true) process.stdout.write(listing(planned.removals, workspace.root));
        if (done && !nothing) report({ kind: 'step', text: `removing ${size(sum)}` });
        if (done) await apply(planned, workspace, context.signal);
        report({ kind: 'note', text: nothing ? 'nothing to remove' : `${done ? 'removed' : 'would free'} ${size(sum)}` });
      });
      const { removals, notes } = planned;
      if (options.json === true) process.stdout.write(documentText('cleaned', { schema: 1, done, bytes: sum, removals, notes }));
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

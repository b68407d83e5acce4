import { Command } from 'commander';
import { list, runtimeFolder } from '../boot/running/running.ts';
import { show } from '../command.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import type { Context } from './context.ts';

/** `eulab ps`: the machines that run. */
export function ps(context: Context) {
  return new Command('ps')
    .summary('the machines that run')
    .description('List the machines of this user that run: their names, since when, their kernels, what they do.')
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab ps\n  eulab ps --json | jq -r .[].name')
    .action(async (options) => {
      const machines = await list(runtimeFolder(context.env));
      if (options.json) {
        const told = machines.map(({ name, pid, startedMs, kernel, argv, console = null }) => {
          return { name, pid, startedMs, kernel, argv, console };
        });
        process.stdout.write(documentText('machines', told));
        return;
      }
      const rows = machines.map(({ name, pid, startedMs, kernel, argv }) => [
        name,
        String(pid),
        since(Date.now() - startedMs),
        kernel,
        argv.length === 0 ? '(shell)' : show({ file: argv[0] ?? '', args: argv.slice(1) }),
      ]);
      process.stdout.write(table([['NAME', 'PID', 'UP', 'KERNEL', 'COMMAND'], ...rows]));
    });
}

function since(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return seconds < 3600
    ? `${Math.floor(seconds / 60)}m${seconds % 60}s`
    : `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

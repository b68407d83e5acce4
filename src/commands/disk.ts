import { statSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { diskHeadBytes, diskImage } from '../artifacts/disk-image.ts';
import { diskUser } from '../artifacts/disk-user.ts';
import { bytesAt, storedDisks } from '../artifacts/storage.ts';
import { show } from '../command.ts';
import { diskSize, settings } from '../config.ts';
import { createDisk, createPlan, type Place, removeDisk } from '../disk/disk.ts';
import { documentText } from '../documents/document.ts';
import type { Report } from '../report.ts';
import { shown, size } from '../ui.ts';
import type { Context } from './context.ts';
import { planText } from './plan-text.ts';

/** `eulab disk create|list|remove`. */
export function disk(context: Context) {
  return new Command('disk')
    .description(
      'Disks for the guest, in artifacts/storage: sparse files, made without root and without a mount.\n' +
        'They outlive the machines that write to them; eulab boot --disk NAME gives one to the guest, --root NAME boots into it.',
    )
    .addCommand(create(context))
    .addCommand(list(context))
    .addCommand(remove(context))
    .addHelpText(
      'after',
      '\nExamples:\n  eulab disk create data 2G && eulab boot --disk data\n  eulab disk list\n  eulab disk remove data',
    );
}

function create(context: Context) {
  return new Command('create')
    .summary('a new disk, empty or filled')
    .description('Make a disk: a sparse file in artifacts/storage with an ext4 on it.')
    .addArgument(new Argument('<name>', 'letters, digits, dots, dashes, underscores; 20 at most'))
    .addArgument(new Argument('<size>', 'with K, M, G or T').argParser(diskSize))
    .addOption(settings.diskFormat())
    .addOption(settings.diskFs())
    .addOption(settings.diskLabel())
    .addOption(settings.diskFrom())
    .addOption(settings.diskReplace())
    .addOption(settings.dryRun())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab disk create data 2G\n  eulab disk create scratch 10G --format qcow2 --fs none\n' +
        '  eulab disk create rootfs 1G --from artifacts/initramfs.cpio.gz && eulab boot --root rootfs',
    )
    .action(async (name, bytes, { format, fs, label, from, force, dryRun, json }) => {
      const wanted = { name, bytes, format, fs, label, from, replace: force === true };
      const facts = await shown(context.manner, async ({ report }) => {
        const place = placeOf(context, report);
        if (dryRun === true) {
          process.stdout.write(planText('disk create', createPlan(wanted, place), json === true));
          return undefined;
        }
        const file = await createDisk(wanted, place);
        const takenBytes = statSync(file).blocks * 512;
        report({ kind: 'note', text: `${file}: ${size(bytes)}, of which ${size(takenBytes)} are taken` });
        return { schema: 1, name, file, format, bytes, takenBytes } as const;
      });
      if (json === true && facts !== undefined) process.stdout.write(documentText('disk', facts));
    });
}

function list(context: Context) {
  return new Command('list')
    .summary('the disks of the workspace')
    .description('List the disks: name, format, size for the guest, what is taken on the host, and who uses it.')
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab disk list\n  eulab disk list --json')
    .action(async (options) => {
      const rows = storedDisks(context.workspace().artifacts).map(({ name, file, format }) => {
        const { size: length, blocks } = statSync(file);
        const image = diskImage(bytesAt(file, 0, diskHeadBytes), length);
        const bytes = format === 'qcow2' && image.format === 'qcow2' ? image.bytes : length;
        return { name, file, format, bytes, takenBytes: blocks * 512, user: diskUser(file, true) ?? null };
      });
      if (options.json === true) {
        process.stdout.write(documentText('disks', rows));
        return;
      }
      const cells = rows.map(({ name, format, bytes, takenBytes, user }) => {
        const use = user === null ? '' : `in use by ${user.program ?? 'another'} (process ${user.pid ?? 'unknown'})`;
        return [name, format, size(bytes), size(takenBytes), use] as const;
      });
      const table = [['NAME', 'FORMAT', 'SIZE', 'TAKEN', ''] as const, ...cells];
      const wide = Math.max(...table.map(([name]) => name.length));
      for (const [name, format, bytes, taken, use] of rows.length === 0 ? [] : table) {
        const line = `${name.padEnd(wide)}  ${format.padEnd(6)}  ${bytes.padStart(10)}  ${taken.padStart(10)}  ${use}`;
        process.stdout.write(`${line.trimEnd()}\n`);
      }
    });
}

function remove(context: Context) {
  return new Command('remove')
    .summary('remove a disk and all that is on it')
    .description('Remove a disk and all that is on it. One that a machine uses is refused.')
    .argument('<name>', 'of the disk')
    .addHelpText('after', '\nExamples:\n  eulab disk remove data\n  eulab disk list')
    .action(async (name) => {
      await shown(context.manner, async ({ report }) => {
        const { file } = await removeDisk(name, placeOf(context, report));
        report({ kind: 'note', text: `removed ${file}` });
      });
    });
}

function placeOf({ workspace, env, signal }: Context, report: Report): Place {
  const command = show({ file: 'eulab', args: process.argv.slice(process.argv.indexOf('disk')) });
  return { artifacts: workspace().artifacts, env, report, signal, command };
}

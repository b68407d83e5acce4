import { join } from 'node:path';
import { Command } from 'commander';
import { architectures, usualArch } from '../architectures.ts';
import { archFolder, imageOf, kernelFolder, kernelNames, noKernel } from '../artifacts/kernel-names.ts';
import { archIn, type StoredKernel, storedKernels, useKernel } from '../artifacts/kernels.ts';
import { lock } from '../artifacts/lock.ts';
import { lockName } from '../artifacts/manifest.ts';
import { apply, kernelPlan } from '../clean.ts';
import { show } from '../command.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import type { Report } from '../report.ts';
import { plainReport, shown, size } from '../ui.ts';
import type { Context } from './context.ts';

/** `eulab kernels [use|remove]`. */
export function kernels(context: Context) {
  return new Command('kernels')
    .summary('the kernels of the workspace: list, use, remove')
    .description(
      'List the kernels that were built here: name, architecture, version, profile, size, date; * is one that is booted unless another\n' +
        'is named: the one that artifacts/bzImage is, and of another architecture artifacts/ARCH/Image.\n' +
        'eulab boot --kernel NAME boots one without making it that one.',
    )
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab kernels\n  eulab build kernel --profile debug --name d\n  eulab kernels use d')
    .action(async (options) => {
      const list = await storedKernels(context.workspace().artifacts);
      if (options.json === true) process.stdout.write(documentText('kernels', list.map(facts)));
      else if (list.length > 0) process.stdout.write(table(list));
      else plainReport(context.manner)({ kind: 'note', text: 'there is no kernel yet; make one: eulab build kernel' });
    })
    .addCommand(use(context))
    .addCommand(remove(context));
}

function use(context: Context) {
  return new Command('use')
    .summary('make a kernel the one that is booted')
    .description('Make a kernel the one in artifacts/, which is booted unless another is named. Nothing is built or copied.')
    .argument('<name>', 'of the kernel')
    .addHelpText('after', '\nExamples:\n  eulab kernels use debug-6.6.22\n  eulab boot --kernel debug-6.6.22 -- uname -r')
    .action(async (name) => {
      await locked(context, name, async (report) => {
        const { inputs } = await useKernel(context.workspace().artifacts, name);
        report({ kind: 'note', text: `${name} is in use: Linux ${inputs['version']} (${inputs['profile']})` });
      });
    });
}

function remove(context: Context) {
  return new Command('remove')
    .summary('remove a kernel')
    .description('Remove a kernel with all that was built with it. The one in use is refused.')
    .argument('<name>', 'of the kernel')
    .addHelpText('after', '\nExamples:\n  eulab kernels remove debug-6.6.22\n  eulab kernels')
    .action(async (name) => {
      await locked(context, name, async (report) => {
        const workspace = context.workspace();
        const { artifacts } = workspace;
        const list = await storedKernels(artifacts);
        const used = list.find((kernel) => kernel.name === name && kernel.used);
        const arch = used === undefined ? undefined : archIn(used.manifest);
        const others = list.filter((kernel) => kernel.name !== name && archIn(kernel.manifest) === arch);
        // The last one of another architecture may go: what is booted unless something else is said is not that.
        if (used !== undefined && (arch === usualArch || others.length > 0)) throw inUse(others, name);
        const folders = [kernelFolder(artifacts, name), ...(arch === undefined ? [] : [archFolder(artifacts, arch)])];
        let bytes = 0;
        for (const folder of folders) {
          const planned = await kernelPlan(workspace, folder, context.signal);
          for (const text of planned.notes) report({ kind: 'note', text });
          bytes += await apply(planned, workspace, context.signal);
        }
        report({ kind: 'note', text: `removed ${name}: ${size(bytes)}` });
      });
    });
}

/** `others` are of its architecture. */
function inUse([other]: readonly StoredKernel[], name: string): EulabError {
  const first = other === undefined ? '' : `use another first: eulab kernels use ${other.name}; or `;
  return new EulabError(`the kernel ${name} is in use`, {
    hint: `${first}remove all there are: eulab clean kernel`,
    exitCode: status.usage,
  });
}

/** Does something to a kernel while no build does. @throws EulabError (2) when there is none of that name. */
async function locked(
  { workspace, signal, manner }: Context,
  name: string,
  work: (report: Report) => Promise<void>,
): Promise<void> {
  const { artifacts } = workspace();
  if (!kernelNames(artifacts).includes(name)) throw noKernel(artifacts, name);
  const command = show({ file: 'eulab', args: process.argv.slice(process.argv.indexOf('kernels')) });
  const file = join(artifacts, lockName('kernel'));
  await shown(manner, async ({ report }) => {
    await using _lock = await lock(file, command, { signal, report });
    await work(report);
  });
}

/** A kernel as programs are told of it. Pure. */
function facts({ name, folder, manifest, used }: StoredKernel) {
  const { inputs, files } = manifest;
  const image = imageOf(files.map(({ path }) => path));
  const built = files.find(({ path }) => path === image)?.mtimeMs ?? 0;
  return {
    name,
    arch: architectures[archIn(manifest)].word,
    version: inputs['version'] ?? '',
    profile: inputs['profile'] ?? '',
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    built: new Date(built).toISOString(),
    used,
    file: join(folder, image),
  };
}

function table(list: readonly StoredKernel[]): string {
  const rows = list.map(facts).map(({ name, arch, version, profile, bytes, built, used }) => {
    return [used ? '*' : '', name, arch, version, profile, size(bytes), localTime(new Date(built))];
  });
  const all = [['', 'NAME', 'ARCH', 'VERSION', 'PROFILE', 'SIZE', 'BUILT'], ...rows];
  const wide = (column: number) => Math.max(...all.map((row) => row[column]?.length ?? 0));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 5 ? cell.padStart(wide(column)) : cell.padEnd(wide(column)))).join('  ');
  return all.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** A time as "2026-11-25 10:37", where the user is. */
function localTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

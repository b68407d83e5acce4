import { existsSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { archInUse, kernelInUse } from '../artifacts/kernel-names.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, isErrno } from '../errors.ts';
import { size as bytesText } from '../ui.ts';
import { print, type Verb, withImage } from './ramdisk-image.ts';

export const explain: Verb = (context) =>
  new Command('explain')
    .summary('its segments and headers, what the kernel does with them, and what will not boot')
    .description(
      'Tell an initramfs in the order of its bytes: segments, headers, and what the kernel does with each entry; at the end, what\n' +
        'will fail at boot, with the kernel in artifacts/ if there is one. An error there has the name of the diagnosis that eulab boot would give.',
    )
    .argument('[file]', 'an initramfs')
    .addOption(settings.headers())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\n--json has the warnings and what is in the image as a whole.\n\nExamples:\n  eulab ramdisk explain\n  eulab ramdisk explain --headers tiny.cpio',
    )
    .action((path: string | undefined, options: { headers?: true; json?: true }) =>
      withImage(context, path, async (file) => {
        const { artifacts } = context.workspace();
        const arch = archInUse(artifacts);
        const guest = existsSync(kernelInUse(artifacts, arch)) ? arch : undefined;
        if (options.json === true) {
          const { inspect } = await import('../ramdisk/image/inspect.ts');
          await print(documentText('image', { schema: 1, ...(await inspect(file, guest)) }));
          return;
        }
        const { explained } = await import('../ramdisk/image/explanation.ts');
        for await (const part of explained(file, { headers: options.headers === true, guest })) {
          if (part.kind === 'line') await print(`${part.text}\n`);
          else {
            const lines = part.warnings.map(({ level, name, text }) => `${level} (${name}): it ${text}`);
            await print(`\n${lines.length === 0 ? 'nothing in it speaks against a boot' : lines.join('\n')}\n`);
          }
        }
      }),
    );

export const size: Verb = (context) =>
  new Command('size')
    .summary('where the bytes are')
    .description('Show the largest files and folders of an initramfs, unpacked, with a bar for each.')
    .argument('[file]', 'an initramfs')
    .addOption(settings.top())
    .addOption(settings.html())
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab ramdisk size\n  eulab ramdisk size --html sizes.html /boot/initrd.img')
    .action((path: string | undefined, options: { top: number; html?: string; json?: true }) =>
      withImage(context, path, async (file, name) => {
        const { survey } = await import('../ramdisk/image/survey.ts');
        const { barTable, largest } = await import('../ramdisk/image/sizes.ts');
        const { shown } = await import('../ramdisk/image/path.ts');
        const { nodes } = (await survey(file)).rootfs;
        const seen = new Set<number>();
        // A file of two names takes its bytes once.
        const files = [...nodes].flatMap(([place, { ordinal, size: bytes }]) => {
          if (ordinal === undefined || bytes === 0 || seen.has(ordinal)) return [];
          seen.add(ordinal);
          return [[shown(place), bytes] as const];
        });
        if (options.html !== undefined) {
          const { treemap } = await import('../ramdisk/image/treemap.ts');
          save(options.html, treemap(name, files, bytesText));
        }
        const rows = largest(files, options.top);
        if (options.json === true) await print(documentText('sizes', rows));
        else for (const line of barTable(rows, bytesText)) await print(`${line}\n`);
      }),
    );

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new EulabError(`--html ${path} cannot be written (${isErrno(error) ? error.code : error})`, { exitCode: 2 });
  }
}

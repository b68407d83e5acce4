import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { Command } from 'commander';
import { archInUse } from '../artifacts/kernel-names.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import { locate } from '../exec.ts';
import type { Compressed } from '../ramdisk/pack.ts';
import type { WantedCompression } from '../ramdisk-values.ts';
import { shown, size } from '../ui.ts';
import { type Context, epochOf } from './context.ts';
import { print, type Verb } from './ramdisk-image.ts';

/** Stands for stdout. */
const stdout = '-';

export const pack: Verb = (context) =>
  new Command('pack')
    .summary('a folder as an initramfs')
    .description(
      'Pack a folder as it is: permissions, devices, symlinks, hard links. All is owned by root, without --owners. The same folder gives the ' +
        'same bytes, whoever packs it and when: times are 0, or SOURCE_DATE_EPOCH. FILE appears when it is whole; - is stdout.\n' +
        "How it is compressed is told by --compression, else by FILE's name (.gz, .zst, .lz4, .xz; .cpio is not compressed).",
    )
    .argument('<folder>', 'what becomes the root of the guest')
    .argument('<file>', 'the initramfs, or - for stdout')
    .addOption(settings.compression())
    .addOption(settings.packOwners())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab ramdisk pack root initramfs.cpio.zst\n' +
        '  eulab ramdisk extract /boot/initrd.img root && eulab ramdisk pack root edited.gz\n' +
        '  eulab ramdisk pack --compression zstd:19 root initrd.img\n  eulab ramdisk pack root - --compression none | cpio -tv',
    )
    .action(async (folder: string, file: string, options) => {
      const place = file === stdout ? undefined : placeFor(file, folder);
      if (place === undefined && options.json === true) throw refused('stdout gets the archive, and not --json', 'name a file');
      const { folderEntries } = await import('../ramdisk/folder.ts');
      const { packInto, packTo } = await import('../ramdisk/pack-folder.ts');
      const { entries, bytes, sockets } = folderEntries(folder, { owners: options.owners === true });
      const how = await compressionOf(context, options.compression, { file, bytes });
      const packing = { entries, mtime: epochOf(context.env), how };
      if (place === undefined) return await packInto(packing, print);
      const length = await shown(context.manner, async ({ report }) => {
        report({ kind: 'step', text: `packing ${folder}` });
        const length = await packTo(place, packing);
        for (const path of sockets) report({ kind: 'warning', text: `${join(folder, path)} is a socket, and was left out` });
        report({ kind: 'note', text: `${file}: ${entries.length} entries, ${size(length)}, ${how.method}` });
        return length;
      });
      const facts = { schema: 1, file: place, bytes: length, entries: entries.length, compression: how.method } as const;
      if (options.json === true) await print(documentText('packed', { ...facts, socketsLeftOut: [...sockets] }));
    });

/** Where a link to a file leads; what is there already is replaced. @throws EulabError (2) for a place that cannot be. */
function placeFor(file: string, folder: string): string {
  const place = existsSync(file) ? realpathSync(file) : resolve(file);
  const within = dirname(place);
  if (!existsSync(within)) throw refused(`${within} is not there`, `make it: mkdir -p ${within}`);
  if (existsSync(place) && !statSync(place).isFile()) throw refused(`${file} is no file`, 'name a new file, or - for stdout');
  const root = existsSync(folder) ? realpathSync(folder) : resolve(folder);
  if (`${realpathSync(within)}${sep}`.startsWith(`${root}${sep}`))
    throw refused(`${file} lies in ${folder}, and would be packed into itself`, `pack to another folder: ../${basename(place)}`);
  return place;
}

function refused(message: string, hint: string): EulabError {
  return new EulabError(message, { hint, exitCode: status.usage });
}

async function compressionOf(
  context: Context,
  wanted: WantedCompression | undefined,
  { file, bytes }: { readonly file: string; readonly bytes: number },
): Promise<Compressed> {
  const { methodOfName, settled } = await import('../ramdisk/compression.ts');
  const named = methodOfName(file);
  if (wanted !== undefined && wanted.method !== 'auto') return { method: wanted.method, level: wanted.level };
  if (wanted === undefined && named !== undefined) return { method: named };
  const { configOfKernel, kernelFor } = await import('./layers.ts');
  const { artifacts } = context.workspace();
  const kernel = kernelFor(undefined, artifacts, archInUse(artifacts));
  return settled(wanted, bytes, { config: configOfKernel(kernel), here: (program) => locate(program) !== undefined });
}

import { resolve } from 'node:path';
import { Command } from 'commander';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError } from '../errors.ts';
import { shown as showing } from '../ui.ts';
import type { Context } from './context.ts';
import { print, type Verb, withImage } from './ramdisk-image.ts';
import { pack } from './ramdisk-pack.ts';
import { explain, size } from './ramdisk-report.ts';

/** `eulab ramdisk ls|tree|cat|extract|pack|diff|explain|size`. */
export function ramdisk(context: Context) {
  const command = new Command('ramdisk').description(
    'Look inside any initramfs: newc or crc, in one segment or many, packed or not, whoever made it; make one of a folder.\n' +
      "Without FILE it is the workspace's own.",
  );
  for (const verb of [ls, tree, cat, extract, pack, diff, explain, size]) command.addCommand(verb(context));
  command.addHelpText(
    'after',
    '\nExamples:\n  eulab ramdisk ls -l\n  eulab ramdisk explain /boot/initrd.img\n  eulab ramdisk diff old.cpio.gz artifacts/initramfs.cpio.gz',
  );
  return command;
}

const ls: Verb = (context) =>
  new Command('ls')
    .summary('the entries, one a line, in their order')
    .description('List the entries of an initramfs, one a line, in their order: names as `cpio -t`, with -l as `cpio -tv`.')
    .argument('[file]', 'an initramfs')
    .addOption(settings.long())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab ramdisk ls\n  eulab ramdisk ls -l /boot/initrd.img\n  eulab ramdisk ls --json | jq .[].path',
    )
    .action((path: string | undefined, options: { long?: true; json?: true }) =>
      withImage(context, path, async (file) => {
        const { entriesOf } = await import('../ramdisk/image/read.ts');
        const { entryFacts, longLine } = await import('../ramdisk/image/listing.ts');
        const { shown } = await import('../ramdisk/image/path.ts');
        const nowMs = Date.now();
        let first = true;
        for await (const entry of entriesOf(file)) {
          if (options.json === true) await print(`${first ? '[' : ','}\n  ${JSON.stringify(entryFacts(entry))}`);
          else await print(`${options.long === true ? longLine(entry, nowMs) : shown(entry.path)}\n`);
          first = false;
        }
        if (options.json === true) await print(first ? '[]\n' : '\n]\n');
      }),
    );

const tree: Verb = (context) =>
  new Command('tree')
    .summary('what the guest finds, as a tree')
    .description('Draw what the guest finds once the kernel has unpacked an initramfs: later entries over earlier ones.')
    .argument('[file]', 'an initramfs')
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab ramdisk tree\n  eulab ramdisk tree /boot/initrd.img')
    .action((path: string | undefined, options: { json?: true }) =>
      withImage(context, path, async (file) => {
        const { survey } = await import('../ramdisk/image/survey.ts');
        const { treeLines } = await import('../ramdisk/image/listing.ts');
        const { shown } = await import('../ramdisk/image/path.ts');
        const { typeOf } = await import('../ramdisk/image/header.ts');
        const { rootfs } = await survey(file);
        if (options.json === true) {
          const { treeFacts } = await import('../ramdisk/image/listing.ts');
          await print(documentText('tree', treeFacts(rootfs.nodes)));
          return;
        }
        const places = [...rootfs.nodes].filter(([, { ordinal }]) => ordinal !== undefined);
        const label = (mode: number, head: Uint8Array) =>
          typeOf(mode) === 'symlink' ? ` -> ${shown(Buffer.from(head).toString())}` : '';
        for (const line of treeLines(places.map(([name, { mode, head }]) => [name, label(mode, head)] as const))) {
          await print(`${line}\n`);
        }
      }),
    );

const cat: Verb = (context) =>
  new Command('cat')
    .summary('the content of one file')
    .description("Write a file's content to stdout, byte by byte, as the guest would read it: links are followed.")
    .argument('<file>', 'an initramfs')
    .argument('<path>', 'in it')
    .addHelpText(
      'after',
      '\nExamples:\n  eulab ramdisk cat artifacts/initramfs.cpio.gz etc/passwd\n  eulab ramdisk cat /boot/initrd.img init | less',
    )
    .action((path: string, inside: string) =>
      withImage(context, path, async (file) => {
        const { contentsOf, survey } = await import('../ramdisk/image/survey.ts');
        const { typeOf } = await import('../ramdisk/image/header.ts');
        const { shown } = await import('../ramdisk/image/path.ts');
        const node = (await survey(file)).rootfs.find(inside);
        const name = shown(inside);
        if (node === undefined) throw new EulabError(`has no ${name}`, { hint: `eulab ramdisk ls ${path} lists what it has` });
        if (typeOf(node.mode) !== 'file' || node.ordinal === undefined)
          throw new EulabError(`has a ${typeOf(node.mode)} at ${name}, which has no content`);
        for await (const entry of contentsOf(file, new Set([node.ordinal])))
          for await (const piece of entry.content()) await print(piece);
      }),
    );

const extract: Verb = (context) =>
  new Command('extract')
    .summary('its files into a folder, and never outside of it')
    .description(
      'Write the files of an initramfs to a folder, as the guest would find them. Nothing is written outside of the folder, whatever\n' +
        'paths and links the archive has, and nothing at all when it is damaged. Device nodes are left out without --devices.',
    )
    .argument('<file>', 'an initramfs')
    .argument('<folder>', 'new, or empty')
    .argument('[paths...]', 'these and what is below them (default: all)')
    .addOption(settings.extractDevices())
    .addOption(settings.extractOwners())
    .addOption(settings.extractForce())
    .addOption(settings.maxSize())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab ramdisk extract /boot/initrd.img unpacked\n  eulab ramdisk extract initramfs.cpio.gz etc-only etc',
    )
    .action((path: string, folder: string, paths: string[], options) =>
      withImage(context, path, async (file) => {
        const unpack = await import('../ramdisk/image/extract.ts');
        const { devices = false, owners = false, force = false, maxSize } = options;
        const done = await showing(context.manner, async ({ report }) => {
          const all = await unpack.extract(file, folder, { paths, devices, owners, force, mostBytes: maxSize });
          for (const { level, name, text } of all.warnings)
            if (level === 'warning' && name !== 'init-without-console') report({ kind: 'warning', text: `${path} ${text}` });
          const left = all.devices === 0 ? '' : `; ${all.devices} device nodes were left out (--devices makes them)`;
          report({ kind: 'note', text: `${folder}: ${all.entries} entries, ${all.bytes} bytes${left}` });
          return all;
        });
        const { entries, bytes, devices: devicesLeftOut, warnings } = done;
        if (options.json === true)
          await print(
            documentText('extracted', { schema: 1, folder: resolve(folder), entries, bytes, devicesLeftOut, warnings }),
          );
      }),
    );

const diff: Verb = (context) =>
  new Command('diff')
    .summary('what is different between two, status 1 if anything is')
    .description(
      'Compare what the guest would find of two images: files that are only in one, and changes of type, mode, owner, size, content,\n' +
        'target and device; not of times, order or compression. Status 1 when they differ, 2 for trouble, as diff(1) has it.',
    )
    .argument('<a>', 'an initramfs')
    .argument('<b>', 'another')
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab ramdisk diff old.cpio.gz artifacts/initramfs.cpio.gz\n  eulab ramdisk diff --json a.cpio b.cpio',
    )
    .action(async (a: string, b: string, options: { json?: true }) => {
      const { survey } = await import('../ramdisk/image/survey.ts');
      const { differences } = await import('../ramdisk/image/difference.ts');
      const { shown } = await import('../ramdisk/image/path.ts');
      const look = (path: string) =>
        withImage(context, path, (file) => survey(file, { digest: true })).catch((error: unknown) => {
          if (!(error instanceof EulabError)) throw error;
          // 1 says that they differ.
          throw new EulabError(error.message, { hint: error.hint, exitCode: Math.max(2, error.exitCode), cause: error });
        });
      const found = differences(await look(a), await look(b));
      if (options.json === true) await print(documentText('differences', found));
      else {
        const mark = { removed: '-', added: '+', changed: '~' };
        for (const one of found) {
          const what = one.kind === 'changed' ? `: ${one.what.map(shown).join(', ')}` : '';
          await print(`${mark[one.kind]} ${shown(one.path)}${what}\n`);
        }
      }
      if (found.length > 0) context.exit(1);
    });

import { Command } from 'commander';
import { architectures, usualArch } from '../architectures.ts';
import { archFolder } from '../artifacts/kernel-names.ts';
import { archIn } from '../artifacts/kernels.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { pull as pulled } from '../release/pull.ts';
import { shown } from '../ui.ts';
import { again } from './again.ts';
import type { Context } from './context.ts';
import { madeFacts } from './made.ts';
import { outputs } from './outputs.ts';
import { print } from './ramdisk-image.ts';

/** `eulab pull`. */
export function pull(context: Context) {
  return new Command('pull')
    .description(
      'Bring what `eulab release` made, from a file or an address, check it, and put it in place: then `eulab boot` boots it. Its digest\n' +
        'is the one of --sha256, else of FILE.sha256 beside it. Nothing in artifacts/ changes unless all of it is right.',
    )
    .argument('<from>', 'a file, or an address of http or https')
    .addOption(settings.pullDigest())
    .addOption(settings.kernelNamed())
    .addOption(settings.pullForce())
    .addOption(settings.json())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab pull eulab-lab-6.6.22.tar && eulab boot\n  eulab pull https://host/eulab-lab-6.6.22.tar --sha256 HEX --name theirs',
    )
    .action(async (from, options) => {
      const { sha256, name, force } = options;
      const { artifacts } = context.workspace();
      const { kernel, ramdisk } = await shown(context.manner, async ({ report }) => {
        const done = await pulled({
          from,
          sha256,
          name,
          force: force === true,
          workspace: context.workspace(),
          command: again(['pull'], process.argv.slice(process.argv.indexOf('pull') + 1)),
          report,
          signal: context.signal,
        });
        const arch = archIn(done.kernel);
        const files = outputs([...done.kernel.files, ...done.ramdisk.files]);
        report({ kind: 'note', text: `${archFolder(artifacts, arch)}: ${files}` });
        const boot = `eulab boot${arch === usualArch ? '' : ` --arch ${architectures[arch].word}`}`;
        report({ kind: 'note', text: `the kernel ${done.kernel.name} is in use; boot it: ${boot}` });
        return done;
      });
      if (options.json !== true) return;
      const place = archFolder(artifacts, archIn(kernel));
      const facts = { schema: 1, kernel: madeFacts(kernel, place), ramdisk: madeFacts(ramdisk, place) } as const;
      await print(documentText('pulled', facts));
    });
}

import { Command } from 'commander';
import { show } from '../command.ts';
import { settings } from '../config.ts';
import { pull as pulled } from '../release/pull.ts';
import { size, ui } from '../ui.ts';
import type { Context } from './context.ts';

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
    .addHelpText(
      'after',
      '\nExamples:\n  eulab pull eulab-lab-6.6.22.tar && eulab boot\n  eulab pull https://host/eulab-lab-6.6.22.tar --sha256 HEX --name theirs',
    )
    .action(async (from, options) => {
      const { sha256, name, force } = options;
      using display = await ui({ verbose: false });
      const { report } = display;
      const { kernel, ramdisk } = await pulled({
        from,
        sha256,
        name,
        force: force === true,
        workspace: context.workspace(),
        command: show({ file: 'eulab', args: process.argv.slice(process.argv.indexOf('pull')) }),
        report,
        signal: context.signal,
      });
      const files = [...kernel.files, ...ramdisk.files].map(({ path, bytes }) => `${path} (${size(bytes)})`);
      report({ kind: 'note', text: `${context.workspace().artifacts}: ${files.join(', ')}` });
      report({ kind: 'note', text: `the kernel ${kernel.name} is in use; boot it: eulab boot` });
    });
}

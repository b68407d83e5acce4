import { Command } from 'commander';
import { settings } from '../config.ts';
import { bootstrap, bootstrapTag } from '../container/image.ts';
import { ui } from '../ui.ts';
import type { Context } from './context.ts';

/** `eulab image bootstrap`: a base image without a registry. */
export function image(context: Context) {
  const make = new Command('bootstrap')
    .summary(`make ${bootstrapTag} with mmdebstrap`)
    .description(
      `Make ${bootstrapTag}, the image that kernel and ramdisk are built in, from Debian's packages alone:\n` +
        'no registry is asked, and with user namespaces no root is needed.',
    )
    .addOption(settings.verbose())
    .action(async (options) => {
      using display = await ui({ verbose: options.verbose === true });
      await bootstrap({ home: context.workspace().home, report: display.report, signal: context.signal });
      display.report({ kind: 'note', text: `${bootstrapTag} is ready; eulab build finds it` });
    });
  return new Command('image').description('The container image that builds run in.').addCommand(make);
}

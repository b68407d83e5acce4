import { Command } from 'commander';
import { settings } from '../config.ts';
import { bootstrap, bootstrapTag } from '../container/image.ts';
import { tried } from '../container/probe.ts';
import { choose } from '../container/select.ts';
import { documentText } from '../documents/document.ts';
import { containerKinds } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { shown } from '../ui.ts';
import type { Context } from './context.ts';
import { print } from './ramdisk-image.ts';

/** `eulab image bootstrap|engines`. */
export function image(context: Context) {
  return new Command('image')
    .description('The container image that builds run in, and the engines that they may run in.')
    .addCommand(make(context))
    .addCommand(engines(context))
    .addHelpText('after', '\nExamples:\n  eulab image engines\n  eulab image bootstrap');
}

/** A base image without a registry. */
const make = (context: Context) =>
  new Command('bootstrap')
    .summary(`make ${bootstrapTag} with mmdebstrap`)
    .description(
      `Make ${bootstrapTag}, the image that kernel and ramdisk are built in, from Debian's packages alone:\n` +
        'no registry is asked, and with user namespaces no root is needed.',
    )
    .addOption(settings.engine())
    .addOption(settings.verbose())
    .addHelpText('after', '\nExamples:\n  eulab image bootstrap\n  eulab image bootstrap --engine podman')
    .action(async (options) => {
      const { home, cache } = context.workspace();
      const { engine } = options;
      if (engine === 'host')
        throw new EulabError('this machine itself has no image', { hint: 'name a container engine', exitCode: status.usage });
      const chosen = await choose(engine, cache, context.signal);
      if (!('kind' in chosen)) throw none(chosen);
      await shown(context.manner, async ({ report }) => {
        await bootstrap({ home, way: chosen.found.way, report, signal: context.signal });
        report({ kind: 'note', text: `${chosen.kind} has ${bootstrapTag}; eulab build finds it` });
      });
    });

/** Which engines work here. */
const engines = (context: Context) =>
  new Command('engines')
    .summary('which engines work here, and why not the others')
    .description(
      'Try every container engine: a program of ours has to run in it. One that sees no folder of this machine is elsewhere, by DOCKER_HOST,\n' +
        "CONTAINER_HOST or a context of docker's: it gets copies of what it builds. Status 3 if none works.",
    )
    .addOption(settings.json())
    .addHelpText('after', '\nExamples:\n  eulab image engines\n  eulab image engines --json')
    .action(async (options) => {
      const found = [];
      const { cache } = context.workspace();
      for (const engine of containerKinds) found.push({ engine, ...(await tried(engine, cache, context.signal)) });
      if (options.json === true) await print(documentText('engines', found));
      else
        for (const one of found) {
          const text = one.works
            ? [`works: ${one.facts}`, ...(one.note === undefined ? [] : [one.note])]
            : [`does not work: ${one.why}`];
          await print(`${one.engine.padEnd(8)} ${text.join('; ')}\n`);
        }
      if (found.some(({ works }) => works)) return;
      throw none([]);
    });

function none(not: readonly string[]): EulabError {
  return new EulabError('no container engine works here', {
    details: not,
    hint: 'build with the tools of this machine: --engine host',
    check: 'podman',
    exitCode: status.notReady,
  });
}

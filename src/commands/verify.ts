import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { archOf } from '../architectures.ts';
import { archFolder, archInUse, kernelNames, noKernel } from '../artifacts/kernel-names.ts';
import { manifestName } from '../artifacts/manifest.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { EulabError, status } from '../errors.ts';
import { shown } from '../ui.ts';
import { shownVerdict, type Verdict } from '../verify/finding.ts';
import { verify as verified } from '../verify/verify.ts';
import type { Context } from './context.ts';
import { print } from './ramdisk-image.ts';

const products = ['kernel', 'ramdisk'] as const;

/** `eulab verify [kernel|ramdisk]`. */
export function verify(context: Context) {
  return new Command('verify')
    .description(
      'Build kernel and ramdisk again, from their records alone (kernel.provenance.json, ramdisk.provenance.json), and compare byte by\n' +
        'byte. It is done in a folder of its own, with nothing of before: no object file, no compiler cache. Status 1 when anything\n' +
        'differs: an input that has changed is named before anything is built, else what differs in the output.',
    )
    .addArgument(new Argument('[product]', 'one of the two (default: those that are there)').choices(products))
    .addOption(settings.verifyName())
    .addOption(settings.proofArch())
    .addOption(settings.verifyEngine())
    .addOption(settings.jobs())
    .addOption(settings.json())
    .addOption(settings.verbose())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab verify\n  eulab verify ramdisk --json\n  eulab verify kernel --name debug-6.6.22 --engine host',
    )
    .action(async (product, options) => {
      const { artifacts } = context.workspace();
      const { name, engine, jobs, json } = options;
      const arch = archOf(options.arch) ?? archInUse(artifacts);
      const wanted = name === undefined ? chosen(archFolder(artifacts, arch), product) : named(artifacts, product, name);
      const verdicts: Verdict[] = [];
      const { signal } = context;
      const request = { workspace: context.workspace(), name, arch, engine, jobs, signal };
      for (const each of wanted) {
        const verdict = await shown(context.manner, ({ report }) => verified({ ...request, product: each, report }));
        verdicts.push(verdict);
        if (json !== true)
          await print(
            shownVerdict(verdict)
              .map((line) => `${line}\n`)
              .join(''),
          );
      }
      if (json === true) await print(documentText('verdicts', verdicts));
      if (verdicts.some(({ equal }) => !equal)) context.exit(status.failed);
    });
}

/** What was named, or what there is. */
function chosen(artifacts: string, product: (typeof products)[number] | undefined) {
  if (product !== undefined) return [product];
  const there = products.filter((each) => existsSync(join(artifacts, manifestName(each))));
  if (there.length > 0) return there;
  throw new EulabError(`there is nothing to verify in ${artifacts}`, {
    hint: 'build something: eulab build kernel, eulab build ramdisk',
    exitCode: status.usage,
  });
}

function named(artifacts: string, product: (typeof products)[number] | undefined, name: string) {
  if (product === 'ramdisk') {
    throw new EulabError('--name is of a kernel', { hint: 'leave it out, or verify a kernel', exitCode: status.usage });
  }
  if (!kernelNames(artifacts).includes(name)) throw noKernel(artifacts, name);
  return ['kernel'] as const;
}

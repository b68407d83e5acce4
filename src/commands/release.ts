import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { archOf } from '../architectures.ts';
import { archFolder, archInUse, kernelFolder, kernelNames, noKernel } from '../artifacts/kernel-names.ts';
import { archIn } from '../artifacts/kernels.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import { productIn, writeRelease } from '../release/pack.ts';
import { shown } from '../ui.ts';
import { version } from '../version.ts';
import { type Context, epochOf } from './context.ts';
import { print } from './ramdisk-image.ts';

/** `eulab release`. */
export function release(context: Context) {
  return new Command('release')
    .description(
      'Write kernel and ramdisk as one file that others boot from: a tar archive of bzImage, config, modules and initramfs, the records\n' +
        'of what they were made from, a bill of materials (CycloneDX) and SHA256SUMS; FILE.sha256 beside it has its own digest.\n' +
        'The same kernel and ramdisk give the same file.',
    )
    .addOption(settings.releaseOutput())
    .addOption(settings.verifyName())
    .addOption(settings.json())
    .addOption(settings.proofArch())
    .addHelpText(
      'after',
      '\nExamples:\n  eulab release\n  eulab release --name debug-6.6.22 --output debug.tar\n  eulab pull eulab-lab-6.6.22.tar',
    )
    .action(async ({ name, arch, output, json }) => {
      const { artifacts, root } = context.workspace();
      if (name !== undefined && !kernelNames(artifacts).includes(name)) throw noKernel(artifacts, name);
      const used = () => archFolder(artifacts, archOf(arch) ?? archInUse(artifacts));
      const kernel = await productIn(name === undefined ? used() : kernelFolder(artifacts, name), 'kernel');
      const ramdisk = await productIn(archFolder(artifacts, archIn(kernel.manifest)), 'ramdisk');
      const called = kernel.manifest.name ?? 'kernel';
      const file = output === undefined ? join(root, `eulab-${called}.tar`) : resolve(output);
      const digest = await shown(context.manner, async ({ report }) => {
        report({ kind: 'step', text: `writing ${file}` });
        const { billOf } = await import('../release/sbom.ts');
        const bill = billOf(`eulab-${called}`, [kernel, ramdisk], version());
        const epoch = epochOf(context.env);
        return await writeRelease({ kernel, ramdisk }, { file, bill, epoch, signal: context.signal });
      });
      const facts = { schema: 1, file, bytes: statSync(file).size, sha256: digest, kernel: called } as const;
      await print(json === true ? documentText('release', facts) : `${digest}  ${file}\n`);
    });
}

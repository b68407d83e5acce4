import { Command } from 'commander';
import { archOf, usualArch } from '../architectures.ts';
import { archFolder } from '../artifacts/kernel-names.ts';
import { archIn } from '../artifacts/kernels.ts';
import type { Manifest } from '../artifacts/manifest.ts';
import { settings } from '../config.ts';
import { documentText } from '../documents/document.ts';
import type { EngineName } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { locate } from '../exec.ts';
import { buildKernel } from '../kernel/build.ts';
import { profiles } from '../kernel/profile.ts';
import { buildRamdisk } from '../ramdisk/build.ts';
import type { Report } from '../report.ts';
import { shown } from '../ui.ts';
import { again } from './again.ts';
import { type Context, epochOf } from './context.ts';
import { configOfKernel, kernelFor, wishOf } from './layers.ts';
import { madeFacts } from './made.ts';
import { outputs } from './outputs.ts';
import { print } from './ramdisk-image.ts';

/** `eulab build kernel|ramdisk`. */
export function build(context: Context) {
  return new Command('build')
    .description('Build what the machine boots, from source.')
    .addCommand(kernel(context))
    .addCommand(ramdisk(context))
    .addHelpText('after', '\nExamples:\n  eulab build kernel\n  eulab build ramdisk\n  eulab build kernel --help');
}

function kernel(context: Context) {
  const known = profiles.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n');
  return new Command('kernel')
    .summary('artifacts/bzImage, with vmlinux, config and System.map')
    .description(
      'Build artifacts/bzImage, with vmlinux, config, System.map and a manifest beside it.\n' +
        'With TARGETS behind --: have make do those in the same object folder: menuconfig, kernel/fork.o, help, ...; or, for ' +
        'the kernel in use, compile_commands.json, or M=FOLDER, a module that is none of the kernel, into artifacts/extra.',
    )
    .argument('[target...]', 'for make, after --')
    .addOption(settings.source())
    .addOption(settings.profile())
    .addOption(settings.fragment())
    .addOption(settings.set())
    .addOption(settings.lenient())
    .addOption(settings.kernelNamed())
    .addOption(settings.buildArch())
    .addOption(settings.toolchain())
    .addOption(settings.engine())
    .addOption(settings.baseImage())
    .addOption(settings.jobs())
    .addOption(settings.mirror())
    .addOption(settings.releases())
    .addOption(settings.force())
    .addOption(settings.verbose())
    .addOption(settings.json())
    .addHelpText(
      'after',
      `\nProfiles:\n${known}\n\nExamples:\n  eulab build kernel\n  eulab build kernel --source 6.6.22 --set CONFIG_KASAN=y\n  eulab build kernel --source ~/linux --engine host\n  eulab build kernel --arch arm64 && eulab build ramdisk --arch arm64 && eulab boot --arch arm64\n  eulab build kernel --profile debug --name d && eulab boot --kernel d\n  eulab build kernel --json | jq .built\n  eulab build kernel -- menuconfig\n  eulab build kernel -- M=hello && eulab boot --module artifacts/extra/hello.ko`,
    )
    .action(async (words, options, self) => {
      const request = (report: Report) => ({
        ...common(context, options, report, ['build', 'kernel']),
        source: options.source,
        sites: sites({ mirror: options.mirror, releases: options.releases }),
        profile: options.profile,
        toolchain: options.toolchain,
        fragments: options.fragment ?? [],
        set: options.set ?? [],
        lenient: options.lenient === true,
        name: options.name,
      });
      if (words.length === 0) return await built(context, options.json === true, (report) => buildKernel(request(report)));
      if (options.json === true) throw noDocument(words);
      const said = (['source', 'profile', 'arch', 'toolchain', 'fragment', 'set'] as const).some((name) =>
        given(self.getOptionValueSource(name)),
      );
      const { makeTargetsOf } = await import('./build-targets.ts');
      await makeTargetsOf(context, words, { request, said });
    });
}

function noDocument(words: readonly string[]): EulabError {
  return new EulabError('--json tells of a kernel that was built, not of targets', {
    hint: `leave it out: eulab build kernel -- ${words.join(' ')}`,
    exitCode: status.usage,
  });
}

/** True for the source of an option's value that is not its default. */
function given(source: string | undefined): boolean {
  return source !== undefined && source !== 'default';
}

function ramdisk(context: Context) {
  return new Command('ramdisk')
    .summary('artifacts/initramfs.cpio.gz: a static busybox and an init')
    .description('Build artifacts/initramfs.cpio.gz: a static musl busybox, the init that starts it, and a manifest beside it.')
    .addOption(settings.busyboxSource())
    .addOption(settings.busybox())
    .addOption(settings.add())
    .addOption(settings.overlay())
    .addOption(settings.program())
    .addOption(settings.package())
    .addOption(settings.init())
    .addOption(settings.module())
    .addOption(settings.modules())
    .addOption(settings.kernel())
    .addOption(settings.service())
    .addOption(settings.contents())
    .addOption(settings.compression())
    .addOption(settings.buildArch())
    .addOption(settings.engine())
    .addOption(settings.baseImage())
    .addOption(settings.jobs())
    .addOption(settings.busyboxMirror())
    .addOption(settings.force())
    .addOption(settings.verbose())
    .addOption(settings.json())
    .addHelpText('after', ramdiskExamples)
    .action(async (options) => {
      const { artifacts, cache } = context.workspace();
      const arch = archOf(options.arch) ?? usualArch;
      const kernel = kernelFor(options.kernel, artifacts, arch);
      await built(context, options.json === true, async (report) => {
        const wish = await wishOf(options, kernel, { cache, signal: context.signal, report });
        return await buildRamdisk({
          ...common(context, options, report, ['build', 'ramdisk']),
          source: options.source,
          sites: sites({ busybox: options.mirror }),
          busybox: options.busybox,
          wish,
          compression: options.compression,
          able: { config: configOfKernel(kernel), here: (program) => locate(program) !== undefined },
        });
      });
    });
}

const ramdiskExamples = `
Examples:
  eulab build ramdisk
  eulab build ramdisk --busybox /bin/busybox
  eulab build ramdisk --program strace --program gdb --overlay ./root
  eulab build ramdisk --compression zstd:19
  eulab build ramdisk --json --events fd:3 3>events.ndjson
  eulab build ramdisk --arch arm64

A file for --contents, beside ./tests and ./bin/probe:
  { "add": ["tests:/tests"], "program": ["strace", "bin/probe"], "service": { "beat": "while sleep 1; do date; done" } }
`;

/** The options that both builds have. */
interface Common {
  readonly arch: string;
  readonly engine: EngineName;
  readonly baseImage?: string | undefined;
  readonly jobs?: number | undefined;
  readonly force?: boolean | undefined;
}

function common(context: Context, options: Common, report: Report, verb: readonly string[]) {
  const { arch, engine, baseImage, jobs } = options;
  return {
    workspace: context.workspace(),
    arch: archOf(arch) ?? usualArch,
    engine,
    baseImage,
    jobs,
    force: options.force === true,
    epoch: epochOf(context.env),
    command: again(verb, process.argv.slice(process.argv.indexOf(verb[1] ?? '') + 1)),
    report,
    signal: context.signal,
  };
}

/** Only the sites that were named: the others keep their defaults. */
function sites<Names extends string>(named: Record<Names, string | undefined>): Partial<Record<Names, string>> {
  return Object.fromEntries(Object.entries(named).filter(([, site]) => site !== undefined)) as Partial<Record<Names, string>>;
}

/** Shows the work while it goes on, and at its end the files that came of it, to people or as a document. */
async function built(
  context: Context,
  json: boolean,
  work: (report: Report) => Promise<{ readonly manifest: Manifest; readonly built: boolean }>,
): Promise<void> {
  const { artifacts } = context.workspace();
  const done = await shown(context.manner, async ({ report }) => {
    const { manifest, built } = await work(report);
    const files = outputs(manifest.files);
    const place = archFolder(artifacts, archIn(manifest));
    report({ kind: 'note', text: built ? `${place}: ${files}` : `nothing to do: ${files}, made from the same inputs` });
    return { built, facts: madeFacts(manifest, place) };
  });
  if (json) await print(documentText('build', { schema: 1, built: done.built, ...done.facts }));
}

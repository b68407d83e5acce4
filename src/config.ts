import { Option } from 'commander';
import * as v from 'valibot';
import { additionSettings } from './addition-settings.ts';
import { archWords, toolchains, usualArch } from './architectures.ts';
import { diskSettings } from './disk-settings.ts';
import { engineNames } from './engine-names.ts';
import { grouped } from './grouped.ts';
import { imageSettings } from './image-settings.ts';
import { kernelName } from './kernel-values.ts';
import { machineSettings } from './machine-settings.ts';
import { netSettings } from './net-settings.ts';
import { collect, parsed, positive } from './option-parsers.ts';
import { proofSettings } from './proof-settings.ts';
import { runSettings } from './run-settings.ts';
import { vlanSettings } from './vlan-settings.ts';

export { diskSize, duration, memory, phaseLimit, topology } from './option-parsers.ts';

/**
 * The table of settings: each one's flag, environment variable, default, parser and help are said here, or in one of the tables
 * that it takes in, and nowhere else. A file of settings knows them by the flag's name. @see configuration/
 * Each entry makes a fresh option, because commander keeps state in it.
 */
export const settings = {
  ...additionSettings,
  ...diskSettings,
  ...imageSettings,
  ...machineSettings,
  ...netSettings,
  ...proofSettings,
  ...runSettings,
  ...vlanSettings,
  ...grouped('Build:', {
    engine: () =>
      new Option('--engine <engine>', 'what builds: a container engine, or this machine')
        .choices(engineNames)
        .default('auto' as const)
        .env('EULAB_ENGINE'),
    baseImage: () =>
      new Option(
        '--base-image <image>',
        "container image to build in (default: eulab's own, else Debian's, else one made here)",
      ).env('EULAB_BASE_IMAGE'),
    buildArch: () =>
      new Option('--arch <arch>', 'architecture to build for; what is for another than x86_64 goes into artifacts/ARCH')
        .choices(['auto', ...archWords] as const)
        .default('auto' as const, usualArch)
        .env('EULAB_ARCH'),
    toolchain: () =>
      new Option('--toolchain <toolchain>', 'what compiles: gcc, or llvm, which is clang and lld (LLVM=1)')
        .choices(toolchains)
        .default('gcc' as const)
        .env('EULAB_TOOLCHAIN'),
    jobs: () =>
      new Option('-j, --jobs <n>', 'parallel jobs of a build (default: one a CPU)').env('EULAB_JOBS').argParser(positive()),
    force: () => new Option('--force', 'build even when nothing has changed').env('EULAB_FORCE'),
    verbose: () => new Option('-v, --verbose', 'show what the programs print').env('EULAB_VERBOSE'),
  }),
  ...grouped('Source:', {
    source: () =>
      new Option('--source <source>', 'a version (6.6.22), latest-lts, a folder, a tarball, git+URL#REF, debian, or auto')
        .default('auto')
        .env('EULAB_SOURCE'),
    mirror: () =>
      new Option('--mirror <url>', "where kernel releases lie, in the layout of kernel.org's pub/linux/kernel")
        .env('EULAB_MIRROR')
        .argParser(parsed(v.pipe(v.string(), v.url('is no URL')))),
    releases: () =>
      new Option('--releases <url>', 'the list of current kernel releases, as kernel.org has it')
        .env('EULAB_RELEASES')
        .argParser(parsed(v.pipe(v.string(), v.url('is no URL')))),
    busyboxSource: () =>
      new Option('--source <source>', 'a version (1.36.1), a tarball, a folder, debian, or auto')
        .default('auto')
        .env('EULAB_BUSYBOX_SOURCE'),
    busyboxMirror: () =>
      new Option('--mirror <url>', 'where busybox releases lie, with a .sha256 beside each')
        .env('EULAB_BUSYBOX_MIRROR')
        .argParser(parsed(v.pipe(v.string(), v.url('is no URL')))),
    busybox: () => new Option('--busybox <file>', 'a ready static busybox instead of building one').env('EULAB_BUSYBOX'),
  }),
  ...grouped('Kernel:', {
    profile: () => new Option('--profile <profile>', 'lab, defconfig, debug, net or tiny').default('lab').env('EULAB_PROFILE'),
    fragment: () => new Option('--fragment <file>', 'a config fragment to merge (repeatable)').argParser(collect),
    set: () => new Option('--set <symbol=value>', 'one config symbol, CONFIG_X=y (repeatable)').argParser(collect),
    lenient: () => new Option('--lenient', 'build also when a symbol of --set or --fragment did not stick'),
    kernelNamed: () =>
      new Option('--name <name>', 'what it is kept by, beside others: eulab boot --kernel NAME (default: profile and version)')
        .env('EULAB_KERNEL_NAME')
        .argParser(
          parsed(v.pipe(v.string(), v.check(kernelName, 'is no name: letters, digits, . _ + -, at most 64, no - or . in front'))),
        ),
  }),
  json: () => new Option('--json', 'for programs: one JSON document on stdout'),
  fix: () => new Option('--fix', 'run the safe ones of the commands that mend, after asking for each'),
  yes: () => new Option('-y, --yes', 'with --fix: without asking'),
  origin: () => new Option('--origin', 'say behind each value where it comes from'),
  dryRun: () => new Option('-n, --dry-run', 'print what would be done and do nothing'),
  plan: () => new Option('--plan', 'the same as --dry-run').implies({ dryRun: true }),
} as const;

/** What a call is asked once, and no file of settings says: what it shows, what it replaces, how it is looked at. */
export const commandLineOnly: ReadonlySet<string> = new Set([
  ...['help', 'version', 'directory', 'debug', 'config', 'origin', 'fix', 'yes'],
  ...['json', 'dry-run', 'plan', 'explain', 'compare', 'profile-boot', 'repeat', 'sudoers', 'force', 'cold', 'tty'],
  ...['long', 'devices', 'owners', 'headers', 'html'],
]);

import { join } from 'node:path';
import { archOf } from '../architectures.ts';
import { markCache } from '../artifacts/cache.ts';
import type { Size } from '../boot/channel/frame.ts';
import { logFile } from '../boot/console.ts';
import { checkFiles } from '../boot/image/files.ts';
import { bootedInitramfs } from '../boot/image/initramfs-form.ts';
import { bootedKernel } from '../boot/image/kernel-form.ts';
import type { Inspection } from '../boot/inspection/inspection.ts';
import { type Drive, rootWords } from '../boot/machine/drives.ts';
import { checkProfiled } from '../boot/machine/limits.ts';
import { kernelArch } from '../boot/machine/machine.ts';
import { type Nic, nicWords, usualNic } from '../boot/machine/nic.ts';
import { type Prepared, prepare } from '../boot/machine/prepare.ts';
import { type Bare, serialWord } from '../boot/machine/qemu.ts';
import type { Course } from '../boot/outcome.ts';
import { runCommand } from '../boot/run.ts';
import { runtimeFolder } from '../boot/running/running.ts';
import { needTerminal, rawTerminal, resized } from '../boot/terminal/terminal.ts';
import type { WarmRun } from '../boot/warm/run.ts';
import { memory } from '../config.ts';
import { status } from '../errors.ts';
import { locate } from '../exec.ts';
import { plainReport } from '../ui.ts';
import { layerFor } from './boot-layer.ts';
import { claimer, kernelPath } from './boot-machine.ts';
import { described, type Options } from './boot-options.ts';
import { divided } from './boot-words.ts';
import type { Context } from './context.ts';
import { defaultInitrd } from './default-initrd.ts';
import { guestCommand } from './guest-command.ts';
import { limited } from './time-limit.ts';

/** `eulab boot [-- COMMAND...]`: a shell in the guest, or one command with its output and its status. */
export function boot(context: Context) {
  return described().action(async (first, rest, options, command) => {
    const words = first === undefined ? [] : [first, ...rest];
    if (options.compare) return await (await import('./boot-plan.ts')).tellComparison(words, options.json);
    const { machineName, behind } = divided(words, process.argv);
    if (machineName !== undefined) await context.settings.machine(command, machineName);
    const { profileBoot, repeat } = options;
    const profiling = profileBoot === undefined && repeat === undefined ? undefined : await import('./boot-profile.ts');
    const profile = await profiling?.profiler(context, options);
    const argv = behind.length > 0 || profile === undefined ? behind : profile.nothing;
    const boots = !options.dryRun && !options.explain;
    if (options.json === '-' && boots) throw (await import('./boot-plan.ts')).takenStdout();
    if (options.json !== undefined && boots) (await import('../boot/outcome.ts')).clearOutcome(options.json);
    const look = await inspect(argv, options);
    const { machine, choices, notes } = await plan(context, argv, options, look);
    const report = plainReport(context.manner);
    for (const text of notes) report({ kind: 'note', text });
    if (!boots) {
      const told = profile?.profiled(machine, logFile(context.workspace().cache)) ?? machine;
      await (await import('./boot-plan.ts')).tellPlan(context, { machine: told, choices, notes }, options);
    } else if (profiling !== undefined && profile !== undefined)
      await profiling.profileRun(context, machine, argv, options, profile);
    else await run(context, machine, argv, { ...options, inspection: look });
  });
}

/** What is different for a machine that is looked into; loaded only then. */
export async function inspect(argv: readonly string[], options: Options): Promise<Inspection | undefined> {
  if (options.gdb === undefined && options.onPanic === 'end' && options.dump === undefined) return undefined;
  const { inspection } = await import('../boot/inspection/inspection.ts');
  return await inspection(options, { memoryBytes: options.memory, console: argv.length === 0 ? 'terminal' : 'log' });
}

/** The machine that the options describe, but for its folder. Nothing has happened but looking. */
export async function plan(
  context: Context,
  argv: readonly string[],
  options: Options,
  inspection: Inspection | undefined,
): Promise<Prepared> {
  const { env, signal, manner } = context;
  const { artifacts, cache } = context.workspace();
  const kernel = kernelPath(context, options);
  const arch = kernelArch(kernel, archOf(options.arch) ?? 'auto');
  if (options.profileBoot !== undefined) checkProfiled(arch);
  const initrd = options.initrd ?? defaultInitrd(artifacts, arch);
  const files = { arch, kernel, initrd, cache, memoryBytes: options.memory, words: options.append ?? [] };
  // A profile shows the decompression too, unless it was asked to do without.
  const wanted = options.profileBoot !== undefined && options.kernelForm === 'auto' ? 'bzimage' : options.kernelForm;
  const checked = options.check ? await checkFiles(files) : undefined;
  const drives = await disksOf(options, artifacts);
  const net = await cardsOf(context, options);
  const layer = await layerFor(options, { ...files, checked, net, drives, signal, manner });
  const shell = argv.length === 0;
  const boots = !options.dryRun && !options.explain;
  if (boots && shell) needTerminal('a shell', 'run a command instead: eulab boot -- COMMAND');
  if (boots && options.tty) needTerminal('--tty', 'leave it out: the command then has pipes');
  const words = [
    ...(shell ? (await import('../boot/shell.ts')).terminalWords(env, process.stdout) : ['eulab.mode=run']),
    serialWord,
    ...nicWords(net),
    ...rootWords(options.root, drives),
    ...(inspection?.words ?? []),
  ];
  return await prepare(
    { ...options, net },
    {
      ...{ arch, kernel, drives, words, env, cache, sizeOf: memory, signal, debug: inspection?.debug },
      console: shell ? 'terminal' : 'log',
      boots,
      form: (accel) => bootedKernel(checked?.kernel, { ...files, wanted, accel }),
      unpacked: async (accel) => {
        const asGiven = options.profileBoot !== undefined || options.kernelForm === 'bzimage';
        const choice = {
          path: initrd,
          accel: layer === undefined ? accel : 'tcg',
          cache,
          memoryBytes: options.memory,
          asGiven,
        } as const;
        const base = await bootedInitramfs(checked?.initramfs, choice);
        return layer === undefined ? base : (await import('../boot/image/layered.ts')).layered(base, layer, cache);
      },
    },
  );
}

/** Loaded when there are any: most boots need no disk. */
async function disksOf({ root, disk }: Options, artifacts: string): Promise<Drive[]> {
  if (root === undefined && disk === undefined) return [];
  const { drivesOf } = await import('../boot/machine/disk-file.ts');
  return drivesOf({ root, disks: disk ?? [] }, artifacts);
}

/** Loaded when something is said of them: most boots have the usual one. */
async function cardsOf({ env }: Context, options: Options): Promise<readonly Nic[]> {
  const { net, mac, ip, gateway, dns, pcap, forward, bridgeHelper, qemu, dryRun, explain } = options;
  const said = { net, mac, ip, gateway, dns, pcap, forward };
  if (Object.values(said).every((value) => value === undefined)) return [usualNic];
  const { cards } = await import('../boot/machine/host-cards.ts');
  return await cards(said, { runtime: runtimeFolder(env), bridgeHelper, qemu, tries: !dryRun && !explain });
}

async function run(
  context: Context,
  machine: Bare,
  argv: readonly string[],
  options: Options & { readonly inspection: Inspection | undefined },
): Promise<void> {
  const { signal } = context;
  const { cache } = context.workspace();
  await markCache(cache);
  const { inspection } = options;
  const boot = { machine, ...(await claimer(context, argv, options)), newLog: () => logFile(cache), inspection };
  if (argv.length === 0) {
    const shell = { ...boot, limits: options.limit ?? {}, log: boot.newLog(), signal: limited(signal, options.timeout) };
    const { runShell } = await import('../boot/shell.ts');
    return context.exit(await recorded(context, options.json, () => runShell(shell).then(() => status.done)));
  }
  const command = guestCommand(argv, options, context.env);
  const { events, verbose } = context.manner;
  const timed = options.json !== undefined || events !== undefined || verbose;
  const one = {
    context,
    ...boot,
    command,
    timed,
    timeoutMs: options.timeout,
    limits: options.limit ?? {},
    warm: warmth(options),
  };
  context.exit(await recorded(context, options.json, (onEnd) => commandRun({ ...one, onEnd })));
}

/** Runs a boot, and tells its outcome to whoever asks for one. */
async function recorded(
  { manner }: Context,
  file: string | undefined,
  run: (onEnd: (course: Course) => void) => Promise<number>,
): Promise<number> {
  if (file === undefined && manner.events === undefined) return await run(() => undefined);
  const report = manner.events === undefined ? undefined : plainReport(manner);
  return await (await import('../boot/outcome.ts')).recorded({ file, report }, run);
}

/** Whether the machine is to start from a saved state. */
function warmth({ warm, cold }: Options): boolean {
  return warm === true && cold !== true;
}

/** Runs the command with this process's streams: as pipes, or as a terminal in raw mode. */
async function commandRun(
  run: Pick<
    WarmRun,
    'machine' | 'command' | 'claim' | 'newLog' | 'timeoutMs' | 'timed' | 'limits' | 'onEnd' | 'onMoment' | 'inspection'
  > & {
    readonly context: Context;
    readonly warm: boolean;
  },
): Promise<number> {
  const { context, warm, ...rest } = run;
  const { env, signal, passSignal } = context;
  await using terminal = run.command.terminal === undefined ? undefined : await rawTerminal();
  const whole = {
    ...rest,
    signal,
    events: { passSignal, resized: (take: (size: Size) => void) => resized(process.stdout, take) },
    streams: { stdin: process.stdin, stdout: terminal?.output ?? process.stdout, stderr: process.stderr },
    ...(terminal === undefined ? {} : { terminal }),
  };
  if (!warm) return await runCommand({ ...whole, log: run.newLog() });
  const { runWarm } = await import('../boot/warm/run.ts');
  const { cache } = context.workspace();
  const note = (text: string) => plainReport(context.manner)({ kind: 'note', text });
  return await runWarm({
    ...whole,
    qemu: locate(run.machine.qemu, env) ?? run.machine.qemu,
    store: join(cache, 'states'),
    cache,
    note,
  });
}

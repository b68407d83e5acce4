import { join } from 'node:path';
import { markCache } from '../artifacts/cache.ts';
import { kernelFile } from '../artifacts/kernel-names.ts';
import type { Size } from '../boot/channel/frame.ts';
import { logFile } from '../boot/console.ts';
import { checkFiles } from '../boot/image/files.ts';
import { bootedInitramfs } from '../boot/image/initramfs-form.ts';
import { bootedKernel } from '../boot/image/kernel-form.ts';
import type { Inspection } from '../boot/inspection/inspection.ts';
import { type Drive, rootWords } from '../boot/machine/drives.ts';
import { kernelArch } from '../boot/machine/machine.ts';
import { type Nic, nicWords, usualNic } from '../boot/machine/nic.ts';
import { type Prepared, prepare } from '../boot/machine/prepare.ts';
import { type Bare, qemu, serialWord } from '../boot/machine/qemu.ts';
import type { Course } from '../boot/outcome.ts';
import type { ProfiledBoot } from '../boot/profile.ts';
import { runCommand } from '../boot/run.ts';
import { claim, nextName, runtimeFolder } from '../boot/running/running.ts';
import { needTerminal, rawTerminal, resized } from '../boot/terminal/terminal.ts';
import type { WarmRun } from '../boot/warm/run.ts';
import { show } from '../command.ts';
import { memory } from '../config.ts';
import { EulabError, status } from '../errors.ts';
import { locate } from '../exec.ts';
import { layerFor } from './boot-layer.ts';
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
    if (options.compare) return (await import('../boot/timeline/files.ts')).compareFiles(words);
    const { machineName, behind } = divided(words, process.argv);
    if (machineName !== undefined) await context.settings.machine(command, machineName);
    const profile = await profiler(context, options);
    const argv = behind.length > 0 || profile === undefined ? behind : profile.nothing;
    if (options.json !== undefined && !options.dryRun && !options.explain) {
      (await import('../boot/outcome.ts')).clearOutcome(options.json);
    }
    const look = await inspect(argv, options);
    const { machine, choices, notes } = await plan(context, argv, options, look);
    for (const note of notes) process.stderr.write(`eulab: ${note}\n`);
    if (options.explain) process.stdout.write((await import('../boot/machine/explain.ts')).explained(choices));
    if (options.dryRun) await print(context, profile?.profiled(machine, logFile(context.workspace().cache)) ?? machine, options);
    else if (options.explain) return;
    else if (profile !== undefined) await profileRun(context, machine, argv, options, profile);
    else await run(context, machine, argv, { ...options, inspection: look });
  });
}

function kernelPath(context: Context, options: Options): string {
  return kernelFile(context.workspace().artifacts, options.kernel);
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
  const { env, signal } = context;
  const { artifacts, cache } = context.workspace();
  const kernel = kernelPath(context, options);
  const initrd = options.initrd ?? defaultInitrd(artifacts);
  const files = { kernel, initrd, cache, memoryBytes: options.memory, words: options.append ?? [] };
  // A profile shows the decompression too, unless it was asked to do without.
  const wanted = options.profileBoot !== undefined && options.kernelForm === 'auto' ? 'bzimage' : options.kernelForm;
  const arch = kernelArch(kernel, options.arch);
  // Those of other architectures say less of themselves.
  const checked = options.check && arch === 'x86_64' ? await checkFiles(files) : undefined;
  const drives = await disksOf(options, artifacts);
  const net = await cardsOf(context, options);
  const layer = await layerFor(options, { ...files, arch, checked, net, drives, signal });
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

/** What would be run, fit to paste: the private folder and QEMU, whose sockets lie in it. */
async function print(context: Context, machine: Bare, options: Options): Promise<void> {
  const { folder } = await nextName(options.name, runtimeFolder(context.env));
  const make = show({ file: 'mkdir', args: ['-p', '-m', '700', folder] });
  process.stdout.write(`${make}\n${show(qemu({ ...machine, folder }))}\n`);
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
  const boot = { machine, claim: claimer(context, argv, options), newLog: () => logFile(cache), inspection };
  if (argv.length === 0) {
    const shell = { ...boot, limits: options.limit ?? {}, log: boot.newLog(), signal: limited(signal, options.timeout) };
    const { runShell } = await import('../boot/shell.ts');
    return context.exit(await recorded(options.json, () => runShell(shell).then(() => status.done)));
  }
  const command = guestCommand(argv, options, context.env);
  const timed = options.json !== undefined;
  const one = {
    context,
    ...boot,
    command,
    timed,
    timeoutMs: options.timeout,
    limits: options.limit ?? {},
    warm: warmth(options),
  };
  context.exit(await recorded(options.json, (onEnd) => commandRun({ ...one, onEnd })));
}

/** Runs a boot, and writes its outcome where one is asked for. */
async function recorded(file: string | undefined, run: (onEnd: (course: Course) => void) => Promise<number>): Promise<number> {
  if (file === undefined) return await run(() => undefined);
  return await (await import('../boot/outcome.ts')).recorded(file, run);
}

/** Claims a name and a folder for each start of a machine. */
export function claimer(context: Context, argv: readonly string[], options: Options): WarmRun['claim'] {
  const facts = { startedMs: Date.now(), kernel: kernelPath(context, options), argv };
  return () => claim(options.name, runtimeFolder(context.env), facts);
}

/** Whether the machine is to start from a saved state. */
function warmth({ warm, cold }: Options): boolean {
  return warm === true && cold !== true;
}

/** What profiles a boot, loaded only for that, with the files for it. @throws EulabError (2) for options that make no sense. */
async function profiler(context: Context, { profileBoot, repeat, tty, dryRun }: Options) {
  const wrong = (message: string, hint: string) => new EulabError(message, { hint, exitCode: status.usage });
  if (profileBoot === undefined) {
    if (repeat === undefined) return undefined;
    throw wrong('--repeat is for --profile-boot', `eulab boot --profile-boot --repeat ${repeat} -- COMMAND`);
  }
  if (tty) throw wrong('--profile-boot boots without a terminal', 'leave --tty out');
  const { filesOf, makeRoom } = await import('../boot/timeline/files.ts');
  const files = filesOf(profileBoot === true ? join(context.workspace().artifacts, 'timeline') : profileBoot);
  if (!dryRun) makeRoom(files);
  return { ...(await import('../boot/profile.ts')), files };
}

async function profileRun(
  context: Context,
  machine: Bare,
  argv: readonly string[],
  options: Options,
  { profile, files }: NonNullable<Awaited<ReturnType<typeof profiler>>>,
): Promise<void> {
  const { env, signal, passSignal } = context;
  const { cache } = context.workspace();
  await markCache(cache);
  const events = { passSignal, resized: (take: (size: Size) => void) => resized(process.stdout, take) };
  const common = {
    claim: claimer(context, argv, options),
    events,
    timed: true,
    timeoutMs: options.timeout,
    limits: options.limit ?? {},
    signal,
  };
  const boot = (one: ProfiledBoot<Bare>) => runCommand({ ...one, ...common, command: guestCommand(argv, options, env) });
  const { args } = qemu({ ...machine, folder: '' });
  const what = { machine, args, argv, streams: process, files, repeat: options.repeat ?? 1, newLog: () => logFile(cache) };
  context.exit(await profile({ ...what, boot }));
}

/** Runs the command with this process's streams: as pipes, or as a terminal in raw mode. */
async function commandRun(
  run: Pick<WarmRun, 'machine' | 'command' | 'claim' | 'newLog' | 'timeoutMs' | 'timed' | 'limits' | 'onEnd' | 'inspection'> & {
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
  const note = (text: string) => void process.stderr.write(`eulab: ${text}\n`);
  return await runWarm({
    ...whole,
    qemu: locate(run.machine.qemu, env) ?? run.machine.qemu,
    store: join(cache, 'states'),
    cache,
    note,
  });
}

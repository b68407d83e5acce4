import { join } from 'node:path';
import { markCache } from '../artifacts/cache.ts';
import type { Size } from '../boot/channel/frame.ts';
import { logFile } from '../boot/console.ts';
import { type Bare, qemu } from '../boot/machine/qemu.ts';
import type { ProfiledBoot } from '../boot/profile.ts';
import { runCommand } from '../boot/run.ts';
import { resized } from '../boot/terminal/terminal.ts';
import { EulabError, status } from '../errors.ts';
import { claimer } from './boot-machine.ts';
import type { Options } from './boot-options.ts';
import type { Context } from './context.ts';
import { guestCommand } from './guest-command.ts';

/** What profiles a boot, loaded only for that, with the files for it. @throws EulabError (2) for options that make no sense. */
export async function profiler(context: Context, { profileBoot, repeat, tty, dryRun }: Options) {
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

/** Boots as often as wanted, and shows where the time goes. */
export async function profileRun(
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
  const { claim, onMoment } = await claimer(context, argv, options);
  const common = {
    claim,
    events,
    timed: true,
    timeoutMs: options.timeout,
    limits: options.limit ?? {},
    signal,
  };
  const boot = (one: ProfiledBoot<Bare>) => {
    const moments: NonNullable<typeof onMoment> = (moment, console, status) => {
      one.onMoment(moment, console);
      onMoment?.(moment, console, status);
    };
    return runCommand({ ...one, ...common, onMoment: moments, command: guestCommand(argv, options, env) });
  };
  const { args } = qemu({ ...machine, folder: '' });
  const what = { machine, args, argv, streams: process, files, repeat: options.repeat ?? 1, newLog: () => logFile(cache) };
  context.exit(await profile({ ...what, boot }));
}

import { Writable } from 'node:stream';
import type { Link } from '../channel/link.ts';
import type { Bare } from '../machine/qemu.ts';
import { type Run, runCommand, withGuest } from '../run.ts';
import { dropState, findState, load, type SavedState, saving, stageState, starting, stateKey, unfit } from './state.ts';

/** A command that is to start from a saved state. */
export interface WarmRun extends Omit<Run, 'log' | 'reach'> {
  /** The path of QEMU. */
  readonly qemu: string;
  /** Where states are kept. */
  readonly store: string;
  readonly cache: string;
  /** A log for one start of a machine. */
  readonly newLog: () => string;
  readonly note: (text: string) => void;
}

/**
 * Runs the command in a machine that starts from its saved state; the first time the state is made. Returns the status.
 *
 * A machine that cannot be saved boots, and it is said why. A state that does not load is removed, and the machine boots; nothing of the user's input is lost by then.
 *
 * @throws EulabError as `runCommand`.
 */
export async function runWarm(run: WarmRun): Promise<number> {
  const why = unfit(run.machine);
  if (why !== undefined) {
    run.note(`booting instead of starting from a saved state: ${why}`);
    return await runCommand({ ...run, log: run.newLog() });
  }
  const key = await stateKey(run.machine, run.qemu, run.cache);
  const state = findState(run.store, key) ?? (await make(run, key));
  let loaded = false;
  const reach: Run['reach'] = async (vm) => {
    const link = await load(state, vm);
    await lease(link, run.machine);
    loaded = true;
    return link;
  };
  try {
    return await runCommand({ ...run, machine: starting(run.machine, state), log: run.newLog(), reach });
  } catch (error) {
    if (loaded || run.signal.aborted) throw error;
    dropState(state);
    run.note(`the saved state does not load (${error instanceof Error ? error.message : error}): booting`);
    return await runCommand({ ...run, log: run.newLog() });
  }
}

/** Boots the machine to where its agent answers, and saves it. */
async function make(run: WarmRun, key: string): Promise<SavedState> {
  using staging = stageState(run.store, key, run.machine.memoryBytes);
  const boot = { ...run, machine: saving(run.machine, staging.folder), log: run.newLog() };
  return await withGuest(boot, (link, vm) => staging.keep(vm, link.greeting, run.signal));
}

/** An address that was leased before the state was saved may be another's by now: it is asked for again. */
async function lease(link: Link, machine: Bare): Promise<void> {
  if (!machine.cmdline.includes('eulab.ip=dhcp')) return;
  const argv = ['udhcpc', '-q', '-n', '-t', '3', '-T', '1', '-i', 'eth0'].map((word) => Buffer.from(word));
  const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
  const command = { argv, env: [], folder: Buffer.alloc(0), terminal: undefined, sync: false };
  await link.open(command, { stdout: nowhere(), stderr: nowhere() }).exit;
}

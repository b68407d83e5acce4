import { EulabError, status } from '../../errors.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import { type Qmp, qmp } from '../qmp/qmp.ts';
import type { Vm } from '../vm.ts';
import { type Debug, debugWords } from './debug.ts';
import { dumpFile } from './dump-file.ts';
import { type GdbWish, gdbLines, gdbPlace } from './gdb.ts';
import { needOwnTerminal } from './monitor.ts';
import { attend, dumped, type Inspected, type PanicAction, type PanicPlan, panicked } from './panic.ts';

/** How a user wants to look into a machine. */
export interface Wish {
  readonly gdb?: GdbWish | undefined;
  readonly onPanic: PanicAction;
  readonly dump?: string | undefined;
}

/** A wish that can be fulfilled. */
export interface Inspection {
  readonly debug: Debug;
  /** For the kernel's command line, after the words of every boot. */
  readonly words: readonly string[];
  /**
   * The outcome of `work`, unless the guest panics before: then does what is planned, and throws what the console shows. A
   * machine whose time is over, or that SIGQUIT ends, leaves its dump too.
   *
   * @throws EulabError 255 after a panic; else what `work` throws.
   */
  watch<Outcome>(holder: Holder, work: Promise<Outcome>): Promise<Outcome>;
}

/** What is different for these wishes. @throws EulabError (2) for a wish that this host cannot fulfil. */
export async function inspection(
  { gdb, onPanic, dump }: Wish,
  machine: { readonly memoryBytes: number; readonly console: 'terminal' | 'log' },
): Promise<Inspection> {
  if (onPanic === 'dump' && dump === undefined) {
    throw new EulabError('--on-panic dump has no file to write to', { hint: 'name it: --dump FILE', exitCode: status.usage });
  }
  const file = dump === undefined ? undefined : dumpFile(dump, machine.memoryBytes);
  if (onPanic === 'shell' && machine.console === 'log') needOwnTerminal('--on-panic shell');
  const place = gdb === undefined ? undefined : await gdbPlace(gdb);
  const debug = { gdb: place, keepPanicked: onPanic !== 'end' || file !== undefined };
  const plan = { action: onPanic, dump: file, gdb: place };
  return { debug, words: debugWords(debug), watch: (holder, work) => watch({ debug, plan }, holder, work) };
}

/** What a machine's holder does for us. */
export interface Holder extends Omit<Inspected, 'console' | 'typed' | 'folder'> {
  readonly vm: Pick<Vm, 'port' | 'console' | 'typed' | 'folder'>;
  /** Leaves the user's terminal and signals to us: the signal that comes back is aborted when the machine is to end. */
  takeOver(): AbortSignal;
}

/** What is looked for. */
interface Look {
  readonly debug: Debug;
  readonly plan: PanicPlan;
}

async function watch<Outcome>(look: Look, { vm, takeOver, ...holder }: Holder, work: Promise<Outcome>): Promise<Outcome> {
  const { plan } = look;
  const subject: Inspected = { ...holder, console: vm.console, typed: vm.typed, folder: vm.folder };
  const over = new AbortController();
  const end = () => over.abort();
  work.then(end, end);
  let talk: Qmp | undefined;
  try {
    const first = await Promise.race([
      work.then((value) => ({ value })),
      opened(vm, look, subject, over.signal).then(async (control) => {
        talk = control;
        return await panicOf(control, look, subject, over.signal);
        // Whatever ended the conversation ends the work too, and is told by that.
      }, never),
    ]);
    if ('value' in first) return first.value;
    const death = diagnose({ code: 0, signal: null, stderr: '', console: vm.console.lines(), log: vm.console.file });
    subject.say(`eulab: ${death.message}`);
    const last = takeOver();
    await attend(first, plan, subject, last);
    throw death;
  } catch (error) {
    if (plan.dump !== undefined && talk !== undefined && leavesDump(error)) await dumped(talk, plan.dump, subject);
    throw error;
  }
}

/** The conversation with QEMU; gdb is told of when its stub is there. */
async function opened(
  vm: Holder['vm'],
  { debug: { gdb } }: Look,
  { machine, folder, say }: Inspected,
  signal: AbortSignal,
): Promise<Qmp> {
  const control = await qmp(await vm.port('qmp'), { signal });
  if (gdb === undefined) return control;
  say('eulab: the machine waits at its first instruction, with nokaslr; come in with');
  for (const line of gdbLines({ place: gdb, folder }, machine.image, 'start')) say(`  ${line}`);
  return control;
}

async function panicOf(control: Qmp, { debug }: Look, { console }: Inspected, signal: AbortSignal): Promise<Qmp> {
  if (!debug.keepPanicked) return await never();
  await panicked(control, console, signal);
  return control;
}

/** As a process leaves a core: not at every signal, but at SIGQUIT. @see signal(7) */
function leavesDump(error: unknown): boolean {
  return error instanceof EulabError && (error.exitCode === status.timeout || error.exitCode === 128 + 3);
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

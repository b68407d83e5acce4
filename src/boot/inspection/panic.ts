import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsoleLog } from '../console.ts';
import type { Machine } from '../machine/qemu.ts';
import type { Qmp } from '../qmp/qmp.ts';
import { gdbserver, pause, state } from '../qmp/verbs.ts';
import { type GdbPlace, stub } from './debug.ts';
import { dumpFile, writeDump } from './dump-file.ts';
import { crashLines, gdbLines } from './gdb.ts';
import { converse, type OwnWords } from './monitor.ts';

/** What happens to a machine whose guest panicked: it ends, it stands still for gdb or QEMU's monitor, its memory is written. */
export const panicActions = ['end', 'stop', 'shell', 'dump'] as const;
export type PanicAction = (typeof panicActions)[number];

/** What is done about a panic. */
export interface PanicPlan {
  readonly action: PanicAction;
  /** The file for the guest's memory, absolute. */
  readonly dump: string | undefined;
  /** Where gdb's stub listens already; else it is opened when it is wanted. */
  readonly gdb: GdbPlace | undefined;
}

/** A machine that is looked into while it runs. */
export interface Inspected {
  readonly machine: Pick<Machine, 'image' | 'console'>;
  /** Its private folder. */
  readonly folder: string;
  readonly console: Pick<ConsoleLog, 'lines' | 'file'>;
  /** What is typed on its console. */
  readonly typed: Writable;
  /** Tells the user a line. */
  say(line: string): void;
}

/** A kernel without a driver for pvpanic says on the console alone that it panicked. */
const lookEveryMs = 250;
const lastWords = '---[ end Kernel panic';

/**
 * Returns when the guest has panicked, and stands still; not at all when it does not. Told by pvpanic, else by the kernel's
 * last words, after which it does nothing more.
 */
export async function panicked(qmp: Qmp, console: Inspected['console'], signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const told = async () => {
    const event = qmp.next(['GUEST_PANICKED'], { signal: either });
    // It may have been before we listened.
    if ((await state(qmp, { signal: either })) !== 'guest-panicked') return void (await event);
    event.catch(() => undefined);
  };
  const seen = async () => {
    let looked = 0;
    for (;;) {
      await sleep(lookEveryMs, undefined, { signal: either });
      const lines = console.lines();
      // From the line before the last one looked at: that may not have been whole.
      if (lines.slice(Math.max(0, looked - 1)).some(({ text }) => text.includes(lastWords))) return;
      looked = lines.length;
    }
  };
  try {
    // An end of QEMU, or of the waiting, is for others to tell.
    await Promise.race([told().catch(() => never()), seen().catch(() => never())]);
  } finally {
    over.abort();
  }
  await pause(qmp, { signal });
}

/** Does what was planned, with a machine that stands still, and returns when it may end: at the latest at the signal. */
export async function attend(qmp: Qmp, plan: PanicPlan, inspected: Inspected, signal: AbortSignal): Promise<void> {
  const { machine, folder, typed, say } = inspected;
  if (plan.dump !== undefined) await dumped(qmp, plan.dump, inspected, signal);
  const terminal = machine.console === 'terminal';
  if (plan.action === 'stop') {
    say(`eulab: the machine stands still, until ${terminal ? 'ctrl-A x' : 'ctrl-C or SIGTERM'}; look into it with`);
    for (const line of await opened(qmp, plan, inspected)) say(`  ${line}`);
    await Promise.race([qmp.closed, aborted(signal)]);
  }
  if (plan.action !== 'shell') return;
  say("eulab: the machine stands still, and this is QEMU's monitor; type, for example");
  if (terminal) {
    say(`  info registers    x/20i $pc    x/8gx $sp    gdbserver ${stub({ kind: 'unix' }, folder)}    help    quit`);
    // The monitor shares the terminal with the console: this is the key that changes over.
    typed.write('\x01c');
    await Promise.race([qmp.closed, aborted(signal)]);
  } else {
    say('  info registers    x/20i $pc    x/8gx $sp    gdb    dump FILE    help    quit');
    await converse(qmp, wordsOf(qmp, plan, inspected, signal), signal);
  }
}

/** Writes the dump and tells how to open it. */
export async function dumped(qmp: Qmp, file: string, { machine, say }: Inspected, signal?: AbortSignal): Promise<void> {
  await writeDump(qmp, file, signal);
  say(`eulab: the guest's memory is in ${file}; open it with`);
  for (const line of crashLines(machine.image, file)) say(`  ${line}`);
}

/** The lines for gdb, with the stub open. */
async function opened(qmp: Qmp, { gdb }: PanicPlan, { machine, folder }: Inspected): Promise<string[]> {
  const place = gdb ?? ({ kind: 'unix' } as const);
  if (gdb === undefined) await gdbserver(qmp, stub(place, folder));
  return gdbLines({ place, folder }, machine.image, 'panic');
}

function wordsOf(qmp: Qmp, plan: PanicPlan, inspected: Inspected, signal: AbortSignal): OwnWords {
  let lines: Promise<string[]> | undefined;
  return {
    gdb: async () => {
      lines ??= opened(qmp, plan, inspected);
      return (await lines).join('\n');
    },
    dump: async (file) => {
      if (file === '') return 'dump FILE writes the memory for crash(8)';
      const said: string[] = [];
      await dumped(qmp, dumpFile(file, 0), { ...inspected, say: (line) => said.push(line) }, signal);
      return said.join('\n');
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

import { connect, type Link } from './channel/link.ts';
import { BootError, diagnosis } from './diagnose/diagnose.ts';
import type { Inspection } from './inspection/inspection.ts';
import type { Bare } from './machine/qemu.ts';
import type { Run } from './run.ts';
import type { Claim } from './running/running.ts';
import { serve } from './running/server.ts';
import { rawTerminal, resized } from './terminal/terminal.ts';
import { launch, type Vm } from './vm.ts';
import { inVainMs, limits, type PhaseLimits, type Watched } from './watch/watch.ts';
import { elapsedMs } from './watch/watchdog.ts';

/** The words of the kernel's command line that tell the guest what terminal is at the other end of its console. */
export function terminalWords(env: NodeJS.ProcessEnv, terminal: { readonly rows?: number; readonly columns?: number }): string[] {
  const term = /^[A-Za-z0-9._+-]+$/.test(env['TERM'] ?? '') ? [`eulab.term=${env['TERM']}`] : [];
  if (!terminal.rows || !terminal.columns) return term;
  return [...term, `eulab.rows=${terminal.rows}`, `eulab.columns=${terminal.columns}`];
}

/** A machine whose console is the user's terminal. */
export interface Shell {
  readonly machine: Bare;
  readonly log: string;
  /** Claims the machine's name and its folder. */
  readonly claim: () => Promise<Claim>;
  readonly signal: AbortSignal;
  readonly inspection?: Inspection | undefined;
  readonly limits: PhaseLimits;
  /** Told when QEMU has been started, and when the guest could run a command. */
  readonly onMoment?: Run['onMoment'];
}

/**
 * Boots with the console on the user's terminal and returns when the machine is off. The terminal is left as it was.
 *
 * @throws EulabError 255 when the guest panicked or died, 125 when QEMU failed, the signal's reason when aborted.
 */
export async function runShell({ machine, log, claim, signal, inspection, limits: asked, onMoment }: Shell): Promise<void> {
  signal.throwIfAborted();
  await using terminal = await rawTerminal();
  await using vm = await launch(machine, { log, claim, terminal, live: true });
  onMoment?.('start', vm.console);
  vm.console.watch((bytes) => terminal.output.write(bytes));
  process.stdin.on('error', () => undefined).pipe(vm.typed);
  let link: Link | undefined;
  greet(vm, (found) => {
    link = found;
    onMoment?.('command', vm.console);
  });
  using _server = await serve(vm, () => link);
  using _size = resized(process.stdout, (size) => link?.resizeConsole(size));
  const stop = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  // The terminal is raw.
  const say = (line: string) => void process.stderr.write(`${line}\r\n`);
  const { accel, cpus } = machine;
  const allowed = limits({ accel, cpus: cpus.count }, asked, inspection?.debug);
  using _hint = hint(vm, () => ({ lines: vm.console.lines(), readyMs: link && 0, limits: allowed, talks: false }), say);
  const holder = { machine, vm, say, takeOver: () => signal };
  const work = Promise.race([vm.ended, stop, vm.plugged.then(() => vm.ended)]);
  try {
    const { code, signal: ended, stderr } = await (inspection?.watch(holder, work) ?? work);
    const console = vm.console.lines();
    const panicked = console.some(({ text }) => text.includes('Kernel panic - not syncing'));
    if (code === 0 && !panicked) return;
    // The lines that prove it are on the terminal already.
    throw new BootError(diagnosis({ code, signal: ended, stderr, console, log }), log, stderr.trim().split('\n').filter(Boolean));
  } finally {
    process.stdin.unpipe();
    process.stdin.pause();
  }
}

/** Says, once, how to get out of a machine that does not come up: nobody else ends it while a person sits before it. */
function hint(vm: Vm, watched: () => Watched, say: (line: string) => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const atMs = inVainMs(watched());
    if (atMs === undefined || !Number.isFinite(atMs)) return;
    const leftMs = atMs - elapsedMs(vm);
    if (leftMs > 0) timer = setTimeout(look, leftMs);
    else
      say(
        'eulab: the machine says nothing; ctrl-A x ends it, ctrl-A c is the monitor of QEMU, --append ignore_loglevel shows more',
      );
  };
  look();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Calls `found` when an agent answers: in a guest that has one, which a shell does not need. */
function greet(vm: Vm, found: (link: Link) => void): void {
  Promise.all([vm.port('agent'), vm.port('serial')])
    .then(connect)
    .then(found, () => undefined);
}

import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { EulabError } from '../errors.ts';
import { read, start } from '../exec.ts';
import { printable } from './console.ts';
import { diagnose } from './diagnose.ts';
import { type Machine, qemu } from './qemu.ts';

/** The words of the kernel's command line that tell the guest what terminal is at the other end of its console. */
export function terminalWords(env: NodeJS.ProcessEnv, terminal: { readonly rows?: number; readonly columns?: number }): string[] {
  const term = /^[A-Za-z0-9._+-]+$/.test(env['TERM'] ?? '') ? [`eulab.term=${env['TERM']}`] : [];
  if (!terminal.rows || !terminal.columns) return term;
  return [...term, `eulab.rows=${terminal.rows}`, `eulab.columns=${terminal.columns}`];
}

/**
 * Boots with the console on the user's terminal and returns when the machine is off. The terminal is left as it was.
 *
 * @throws EulabError 255 when the guest panicked or died, 125 when QEMU failed, the signal's reason when aborted.
 */
export async function runShell(machine: Omit<Machine, 'console'>, log: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // By its own name: what we start has no controlling terminal, and so no /dev/tty.
  const terminal = readlinkSync('/proc/self/fd/0');
  const saved = await read({ file: 'stty', args: ['-F', terminal, '-g'] });
  const child = await start(qemu({ ...machine, console: { kind: 'terminal', log } }), ['inherit', 'inherit', 'inherit']);
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  let code: number | null = null;
  let ended: string | null = null;
  try {
    [code, ended] = await once(child, 'exit');
  } finally {
    signal.removeEventListener('abort', stop);
    await read({ file: 'stty', args: ['-F', terminal, saved] });
    // Line wrap on again: firmware that clears the screen switches it off.
    process.stdout.write('\x1b[?7h');
  }
  signal.throwIfAborted();
  const console = existsSync(log) ? printable(readFileSync(log, 'utf8').split('\n')).map((text) => ({ ms: 0, text })) : [];
  const panicked = console.some(({ text }) => text.includes('Kernel panic - not syncing'));
  if (code === 0 && !panicked) return;
  // The lines that prove it are on the terminal already.
  const { message, hint, exitCode } = diagnose({ code, signal: ended, stderr: '', console, log });
  throw new EulabError(message, { hint, exitCode });
}

import { readlinkSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { EulabError, status } from '../../errors.ts';
import { read } from '../../exec.ts';
import type { Size } from '../channel/frame.ts';
import { TerminalModes } from './modes.ts';

/** The user's terminal in raw mode: each key is the guest's. Disposing it sets everything as it was. */
export interface RawTerminal extends AsyncDisposable {
  readonly device: string;
  /** What stty(1) sets it to again. */
  readonly settings: string;
  /** For what the guest writes; what that changes is undone at the end. */
  readonly output: Writable;
}

/** @throws EulabError (2) when stdin and stdout are no terminal; `what` needs one. */
export function needTerminal(what: string, hint: string): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new EulabError(`${what} needs a terminal, and there is none here`, { hint, exitCode: status.usage });
}

/** Puts the terminal of stdin into raw mode. */
export async function rawTerminal(): Promise<RawTerminal> {
  // By its own name: what we start has no controlling terminal, and so no /dev/tty.
  const device = readlinkSync('/proc/self/fd/0');
  const settings = await read({ file: 'stty', args: ['-F', device, '-g'] });
  const set = (words: readonly string[]) => read({ file: 'stty', args: ['-F', device, ...words] });
  await set(['raw', '-echo']);
  // A shell that was stopped and comes back has set its own mode meanwhile.
  const again = () => void set(['raw', '-echo']).catch(() => undefined);
  process.on('SIGCONT', again);
  const modes = new TerminalModes();
  return {
    device,
    settings,
    output: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        modes.watch(chunk);
        process.stdout.write(chunk, done);
      },
    }).on('error', () => undefined),
    [Symbol.asyncDispose]: async () => {
      process.off('SIGCONT', again);
      // A terminal that was closed cannot be set, and need not.
      await set([settings]).catch(() => undefined);
      process.stdout.write(modes.undo());
    },
  };
}

/** The size of the user's terminal, 24 times 80 when it does not tell. */
export function sizeOf({ rows, columns }: { readonly rows?: number; readonly columns?: number }): Size {
  return { rows: rows || 24, columns: columns || 80 };
}

/** Calls `take` with each new size of a terminal, until disposed. */
export function resized(terminal: WriteStream, take: (size: Size) => void): Disposable {
  const changed = () => take(sizeOf(terminal));
  terminal.on('resize', changed);
  return { [Symbol.dispose]: () => void terminal.off('resize', changed) };
}

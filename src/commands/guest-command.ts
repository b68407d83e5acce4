import type { GuestCommand } from '../boot/channel/frame.ts';
import { sizeOf } from '../boot/terminal/terminal.ts';
import { bytesOf } from '../boot/words.ts';

/** What `boot` and `exec` say of a command. */
export interface CommandOptions {
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly tty?: true | undefined;
}

/** The command as the guest gets it. */
export function guestCommand(argv: readonly string[], options: CommandOptions, here: NodeJS.ProcessEnv): GuestCommand {
  const { env = [], workdir = '', tty } = options;
  const term = tty && here['TERM'] ? [`TERM=${here['TERM']}`] : [];
  return {
    argv: bytesOf(argv),
    env: [...term, ...env].map((text) => Buffer.from(text)),
    folder: Buffer.from(workdir),
    terminal: tty ? sizeOf(process.stdout) : undefined,
    sync: true,
  };
}

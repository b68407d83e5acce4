import { quote } from '../command.ts';

/** The virtio ports of the command channel, in the order of their descriptors from 3 on. utils/guest/init has the other end. */
export const portNames = ['eulab.control', 'eulab.stdin', 'eulab.stdout', 'eulab.stderr'] as const;

/** A command for the guest: its words reach it unchanged, whatever bytes but NUL they hold. */
export interface GuestCommand {
  readonly argv: readonly string[];
  /** Ends stdout and stderr, so that the host knows that it has all of them; must not occur in the output. */
  readonly token: string;
}

/**
 * What the host writes to the control port: `run BYTES TOKEN`, then so many bytes of shell script.
 *
 * The script replaces the shell by the command, so that its status, or the signal that ended it, is the shell's.
 */
export function request(command: GuestCommand): Buffer {
  const script = Buffer.from(`exec ${command.argv.map(quote).join(' ')}\n`);
  return Buffer.concat([Buffer.from(`run ${script.length} ${command.token}\n`), script]);
}

/** What the host writes to the stdin port before the command's input; the guest waits for it, see utils/guest/init. */
export const stdinOpening = '\n';

/** One line that the guest says on the control port. */
export type Reply = { readonly kind: 'ready' } | { readonly kind: 'exit'; readonly status: number };

/** The reply that a line of the control port is; undefined for a line that no guest of ours writes. */
export function reply(line: string): Reply | undefined {
  if (line === 'ready') return { kind: 'ready' };
  const exit = /^exit (\d{1,3})$/.exec(line);
  return exit === null ? undefined : { kind: 'exit', status: Number(exit[1]) };
}

/**
 * The bytes of a stream up to the token, which may lie across chunks; returns whether the token came.
 *
 * Pure but for reading. Only what may be the token's beginning is held back: a prompt must be seen when it is written.
 */
export async function* untilToken(source: AsyncIterable<Buffer>, token: string): AsyncGenerator<Buffer, boolean> {
  const end = Buffer.from(token);
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const at = bytes.indexOf(end);
    if (at >= 0) {
      if (at > 0) yield bytes.subarray(0, at);
      return true;
    }
    const safe = bytes.length - beginning(bytes, end);
    if (safe > 0) yield bytes.subarray(0, safe);
    held = bytes.subarray(safe);
  }
  if (held.length > 0) yield held;
  return false;
}

/** How many of the last bytes are the first ones of `word`, though not all of it. */
function beginning(bytes: Buffer, word: Buffer): number {
  for (let count = Math.min(word.length - 1, bytes.length); count > 0; count -= 1) {
    if (bytes.subarray(-count).equals(word.subarray(0, count))) return count;
  }
  return 0;
}

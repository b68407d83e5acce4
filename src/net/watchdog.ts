import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { start } from '../exec.ts';
import { writeWhole } from './journal.ts';
import type { Lab } from './lab.ts';

/** What takes a move back unless it is told that all is well. */
export interface Watchdog {
  /** All is well: nothing is taken back. */
  confirm(): Promise<void>;
}

/**
 * A shell in a session of its own, which outlives us, our terminal and its ssh session: after the time, unless the mark of
 * this move is gone, it ends the eulab that armed it and calls `net down`. It is armed when this returns.
 *
 * @throws EulabError when the mark cannot be written.
 */
export async function arm(lab: Lab, afterMs: number): Promise<Watchdog> {
  const name = `${lab.bridge}.unconfirmed`;
  const mark = join(lab.state, name);
  const id = randomUUID();
  await writeWhole(lab.state, name, id);
  const down = [process.execPath, process.argv[1] ?? 'eulab', 'net', 'down', '--bridge', lab.bridge, '--state', lab.state];
  const args = ['-c', script, 'eulab', String(afterMs / 1000), mark, id, String(process.pid), ...down];
  const shell = await start({ file: '/bin/sh', args, cwd: '/' }, ['ignore', 'ignore', 'ignore'], { detached: true });
  shell.unref();
  return {
    async confirm() {
      await rm(mark, { force: true });
      try {
        if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
      } catch {
        // ESRCH: its time was up, and it found the mark gone.
      }
    },
  };
}

/** An eulab that stands still, stopped or stuck, would hold the lock; one that has ended may have left its number to another. */
const script = `
after=$1 mark=$2 id=$3 armer=$4
shift 4
sleep "$after"
[ "$(cat "$mark" 2>/dev/null)" = "$id" ] || exit 0
case $(tr '\\0' ' ' <"/proc/$armer/cmdline" 2>/dev/null) in
*' net up '*) kill -9 "$armer" ;;
esac
exec "$@"
`;

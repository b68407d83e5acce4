import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Command } from '../command.ts';
import { EulabError, status } from '../errors.ts';
import { locate, missing, start } from '../exec.ts';

/** The descriptor that holds the lock. */
export const lockDescriptor = 9;

/** Each is started in milliseconds; who waits longer finds one that stands still. */
const lockSeconds = 10;

/**
 * The call of a switch's program, under a lock on the folder of its socket. The kernel gives the lock back when the program
 * ends, however it does, and no file is left of it. Pure.
 *
 * @see flock(1)
 */
export function switchCommand(program: string, folder: string, socket: string): Command {
  const script = `exec ${lockDescriptor}<"$1" && flock -w ${lockSeconds} ${lockDescriptor} && shift && exec "$@"`;
  return { file: '/bin/sh', args: ['-c', script, 'eulab', folder, process.execPath, program, socket], cwd: '/' };
}

/**
 * Starts a switch in a session of its own and returns when it, or another, can be called. It lives at least until what is
 * returned is disposed.
 *
 * @throws EulabError (3) when it cannot be started, with what it said.
 */
export async function startSwitch(program: string, folder: string, socket: string): Promise<Disposable> {
  if (locate('flock') === undefined) throw missing('flock');
  const child = await start(switchCommand(program, folder, socket), ['pipe', 'pipe', 'pipe'], { detached: true });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new EulabError('a switch has no standard streams');
  stdin.on('error', () => undefined);
  const said = text(stderr).catch(() => '');
  const ready = once(stdout, 'data').then(() => true);
  const ended = once(child, 'exit').then(() => false);
  if (!(await Promise.race([ready, ended])) && child.exitCode !== 0) {
    throw new EulabError('the switch cannot be started', {
      hint: (await said).trim() || 'try again',
      exitCode: status.notReady,
    });
  }
  for (const stream of [stdout, stderr]) stream.destroy();
  child.unref();
  return { [Symbol.dispose]: () => void stdin.destroy() };
}

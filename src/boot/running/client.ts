import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { EulabError, status } from '../../errors.ts';
import { connect, type Link } from '../channel/link.ts';
import type { Running } from './running.ts';
import { serverSocket } from './server.ts';

/** A connection to the eulab that holds a machine. */
export interface Call extends Disposable {
  readonly link: Link;
  /** Settles when that eulab hangs up: the machine has ended. */
  readonly ended: Promise<void>;
}

/** @throws EulabError (3) when nobody answers: the machine is only just starting, or is about to end. */
export async function call({ name, folder }: Running): Promise<Call> {
  const socket = dial(join(folder, serverSocket));
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new EulabError(`${name} does not answer`, {
      hint: 'it is only just starting, or ending: try again',
      exitCode: status.notReady,
      cause,
    });
  }
  socket.on('error', () => undefined);
  const ended = new Promise<void>((settle) => socket.once('close', () => settle()));
  return { link: await connect([socket]), ended, [Symbol.dispose]: () => void socket.destroy() };
}

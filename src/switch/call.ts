import { connect as dial, type Socket } from 'node:net';
import { answer, type Request } from './control.ts';

/**
 * A connection to the switch at a socket, once it has done what was asked; undefined when none is there, or one that is just
 * ending: its socket is gone then. `over` hangs up.
 */
export async function call(socket: string, request: Request, over?: AbortSignal): Promise<Socket | undefined> {
  const line = dial(socket);
  line.on('error', () => undefined);
  const gone = closed(line);
  line.once('connect', () => line.write(`${JSON.stringify(request)}\n`));
  const hangUp = () => line.destroy();
  if (over?.aborted) hangUp();
  over?.addEventListener('abort', hangUp);
  line.once('close', () => over?.removeEventListener('abort', hangUp));
  let said = '';
  const done = new Promise<Socket>((settle) => {
    line.on('data', (bytes: Buffer) => {
      said += bytes.toString('latin1');
      if (said === answer) settle(line);
    });
  });
  return await Promise.race([done, gone]);
}

/** Settles when a connection is over, whatever for. */
export function closed(line: Socket): Promise<undefined> {
  return new Promise((settle) => {
    if (line.closed) settle(undefined);
    line.once('close', () => settle(undefined));
  });
}

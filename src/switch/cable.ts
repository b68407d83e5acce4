import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { call, closed } from './call.ts';
import { switchSocket } from './control.ts';
import { pcapHeader } from './pcap.ts';
import { startSwitch } from './start.ts';

/** What a cable connects. */
export interface Ends {
  /** The name of the switch, and the folder of this user's sockets. */
  readonly lab: string;
  readonly runtime: string;
  /** The socket of the card. */
  readonly card: string;
  /** The file for every frame of the switch; made anew. */
  readonly pcap: string | undefined;
  /** The program of a switch; that beside this file, unless it is told. */
  readonly program?: string;
}

/** A card's cable; disposing it pulls it out. */
export interface Cable extends Disposable {
  /** Settles when both ends are in. Rejects with an EulabError (3) when there can be no switch. */
  readonly plugged: Promise<void>;
}

const retryMs = 1000;

/**
 * Connects a card to the switch of its lab, which is started when there is none, and again to the next one when the switch
 * ends: everybody who has a cable in it sees that, and the first to act starts another.
 */
export function cable(ends: Ends): Cable {
  const pulled = new AbortController();
  let line: Socket | undefined;
  if (ends.pcap !== undefined) writeFileSync(ends.pcap, pcapHeader(), { mode: 0o600 });
  const connect = async () => {
    line = await plug(ends, pulled.signal);
  };
  const plugged = connect();
  const stay = async () => {
    await plugged;
    while (!pulled.signal.aborted) {
      if (line !== undefined) await closed(line);
      if (pulled.signal.aborted) return;
      await connect().catch(() => wait(retryMs, undefined, { ref: false }));
    }
  };
  // That there is no first switch is told by `plugged`.
  stay().catch(() => undefined);
  return {
    plugged,
    [Symbol.dispose]: () => pulled.abort(),
  };
}

/** The connection that keeps the switch and the cable; undefined when it is not wanted any more. */
async function plug(
  { lab, runtime, card, pcap, program = join(import.meta.dirname, 'switch.mjs') }: Ends,
  pulled: AbortSignal,
): Promise<Socket | undefined> {
  const socket = switchSocket(runtime, lab);
  while (!pulled.aborted) {
    const found = await call(socket, { plug: card, pcap }, pulled);
    if (found !== undefined) return found;
    using _started = await startSwitch(program, dirname(socket), socket);
    const own = await call(socket, { plug: card, pcap }, pulled);
    if (own !== undefined) return own;
  }
  return undefined;
}

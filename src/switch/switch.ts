import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { answer, parseRequest, type Request } from './control.ts';
import { FrameReader, lengthBytes } from './frames.ts';
import { PacketFiles } from './packet-files.ts';
import { AddressTable } from './table.ts';

/** What waits for a machine that does not read; frames beyond it are lost, as in any switch. */
const queueBytes = 1 << 20;

/** QEMU makes its sockets some 20 ms after its start. */
const dialEveryMs = 5;

/** A cable's end: the connection to a card. */
type Port = Socket;

/**
 * A switch for machines of one user. It comes to the cards that it is told of over its own socket, and ends when nobody who
 * told it of one is connected any more. @see control.ts
 */
export class Switch {
  readonly #table = new AddressTable<Port>();
  readonly #ports = new Set<Port>();
  readonly #packets = new PacketFiles();
  readonly #server: Server;
  readonly #held = new Set<unknown>();

  constructor() {
    this.#server = createServer((caller) => {
      const release = this.hold();
      caller.on('close', release);
      caller.on('error', () => undefined);
      this.#listen(caller);
    });
  }

  /** Settles when it can be called. */
  async open(socket: string): Promise<void> {
    await new Promise<void>((settle, fail) => this.#server.once('error', fail).listen(socket, settle));
  }

  /** Keeps it until what is returned is called. */
  hold(): () => void {
    const holder = {};
    this.#held.add(holder);
    return () => {
      this.#held.delete(holder);
      // The socket's file goes first, and with the server those who have called and were not answered: they start another.
      if (this.#held.size === 0) this.close();
    };
  }

  close(): void {
    this.#server.close();
    for (const port of this.#ports) port.destroy();
    this.#packets.close();
  }

  #listen(caller: Socket): void {
    let line = '';
    caller.setEncoding('utf8').on('data', (text: string) => {
      line += text;
      const end = line.indexOf('\n');
      if (end < 0) return;
      caller.removeAllListeners('data').resume();
      const request = parseRequest(line.slice(0, end));
      if (request === undefined) caller.destroy();
      else this.#take(request, caller);
    });
  }

  #take({ plug, pcap }: Request, caller: Socket): void {
    const done = () => void caller.write(answer);
    if (pcap !== undefined) caller.on('close', this.#packets.open(pcap));
    if (plug === undefined) done();
    else this.#plug(plug, caller, done);
  }

  /** Comes to a card, again and again while the caller is there; tells when it has come to it first. */
  #plug(path: string, caller: Socket, plugged: () => void): void {
    if (caller.destroyed) return;
    const port = dial(path);
    const reader = new FrameReader();
    const end = () => port.destroy();
    caller.once('close', end);
    let tell = plugged;
    port.once('connect', () => {
      this.#ports.add(port);
      tell();
      tell = () => undefined;
    });
    port.on('data', (bytes: Buffer) => {
      try {
        this.#forward(reader.take(bytes), port);
      } catch {
        // Half a frame of a connection before this one: the next one begins with a whole one.
        port.destroy();
      }
    });
    port.on('error', () => undefined);
    port.on('close', () => {
      this.#ports.delete(port);
      this.#table.forget(port);
      caller.off('close', end);
      setTimeout(() => this.#plug(path, caller, tell), dialEveryMs);
    });
  }

  #forward(records: readonly Buffer[], from: Port): void {
    const touched = new Set<Port>();
    for (const record of records) {
      const frame = record.subarray(lengthBytes);
      this.#packets.write(frame);
      const to = this.#table.route(frame, from, performance.now());
      if (to === 'none') continue;
      for (const port of to === 'all' ? this.#ports : [to]) {
        if (port === from || port.writableLength > queueBytes) continue;
        if (!touched.has(port)) port.cork();
        touched.add(port);
        port.write(record);
      }
    }
    for (const port of touched) port.uncork();
  }
}

import type { Duplex, Writable } from 'node:stream';
import {
  count,
  encode,
  type Frame,
  Frames,
  frameType,
  type GuestCommand,
  type Hello,
  openData,
  parseHello,
  pieceBytes,
  type Renewal,
  renewData,
  type Size,
  streamWindow,
  terminalSize,
} from './frame.ts';

/** Where a command's output goes. */
export interface Sinks {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** A command that runs in the guest. */
export interface Session {
  /** Settles with its status when all of its output was handed on; 128+n when signal n ended it. */
  readonly exit: Promise<number>;
  /** Sends input; settles when there is room for more. After the end of the command it goes nowhere. */
  input(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  signal(number: number): void;
  resize(size: Size): void;
}

/** The session and what its frames do to it. */
interface Open extends Session {
  take(frame: Frame): void;
  fail(error: Error): void;
}

/**
 * The host's end of the command channel. Made by `connect`.
 *
 * @see frame.ts for the protocol.
 */
export class Link {
  /** What the agent said of itself. */
  readonly greeting: Hello;
  readonly #port: Duplex;
  readonly #window: number;
  readonly #sessions = new Map<number, Open>();
  #lastSession = 0;
  #queue: Buffer[] = [];
  #underWay = 0;
  #renewed: (() => void) | undefined;

  constructor(port: Duplex, greeting: Hello) {
    this.greeting = greeting;
    this.#port = port;
    this.#window = greeting.window;
  }

  /** Starts a command; its output goes to the sinks, whose errors are their owner's to hear. */
  open(command: GuestCommand, sinks: Sinks): Session {
    return this.#start(frameType.open, sinks, openData(command));
  }

  /** Shows the machine's console in `stdout`; only over the socket of the eulab that holds the machine. */
  openConsole(sinks: Sinks): Session {
    return this.#start(frameType.console, sinks);
  }

  #start(type: number, sinks: Sinks, data?: Buffer): Session {
    this.#lastSession = (this.#lastSession % 0xffff) + 1;
    const id = this.#lastSession;
    const session = openSession(id, sinks, (frame) => this.#send(frame));
    this.#sessions.set(id, session);
    const forget = () => this.#sessions.delete(id);
    session.exit.then(forget, forget);
    this.#send(encode(type, id, data));
    return session;
  }

  /** Tells the guest's console how large the terminal is that shows it. */
  resizeConsole(size: Size): void {
    this.#send(encode(frameType.resize, 0, terminalSize(size)));
  }

  /** Gives a machine that comes out of a saved state its own time, entropy and address; settles when it has them. */
  renew(renewal: Renewal): Promise<void> {
    return new Promise((settle) => {
      this.#renewed = settle;
      this.#send(encode(frameType.renew, 0, renewData(renewal)));
    });
  }

  /** Asks the guest to unmount its disks and to switch itself off. */
  powerOff(): void {
    this.#send(encode(frameType.powerOff, 0));
  }

  /** For `connect`: what came from the port. */
  take(frame: Frame): void {
    if (frame.type === frameType.ack && frame.data.length === 4) {
      this.#underWay -= frame.data.readUInt32LE();
      this.#flush();
    } else if (frame.type === frameType.renewed) {
      this.#renewed?.();
    } else {
      this.#sessions.get(frame.session)?.take(frame);
    }
  }

  /** For `connect`: the port has ended. */
  fail(error: Error): void {
    for (const session of [...this.#sessions.values()]) session.fail(error);
  }

  #send(frame: Buffer): void {
    this.#queue.push(frame);
    this.#flush();
  }

  /** Sends as much as may be under way: all of it where the port has flow control of its own. */
  #flush(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const room = this.#window === 0 ? next.length : Math.min(next.length, this.#window - this.#underWay);
      if (room <= 0) return;
      this.#port.write(next.subarray(0, room));
      if (this.#window > 0) this.#underWay += room;
      if (room < next.length) this.#queue[0] = next.subarray(room);
      else this.#queue.shift();
    }
  }
}

function openSession(id: number, sinks: Sinks, send: (frame: Buffer) => void): Open {
  let credit = streamWindow;
  let over = false;
  let wake: () => void = () => undefined;
  let settle: (status: number) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const exit = new Promise<number>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  // Whoever opened it may be waiting for something else when the machine ends.
  exit.catch(() => undefined);
  const end = () => {
    over = true;
    wake();
  };
  const deliver = ({ stream, data }: Frame) => {
    const sink = stream === 2 ? sinks.stderr : sinks.stdout;
    // Credit comes back when the bytes have been handed on: a reader that is slow slows the command, and nothing else.
    if (data.length > 0) sink.write(data, () => over || send(encode(frameType.credit, id, count(data.length), stream)));
  };
  return {
    exit,
    input: async (bytes) => {
      for (let at = 0; at < bytes.length && !over; ) {
        if (credit === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const piece = bytes.subarray(at, at + Math.min(credit, pieceBytes));
        credit -= piece.length;
        at += piece.length;
        send(encode(frameType.input, id, piece));
      }
    },
    endInput: () => over || send(encode(frameType.input, id)),
    signal: (number) => over || send(encode(frameType.signal, id, Buffer.from([number]))),
    resize: (size) => over || send(encode(frameType.resize, id, terminalSize(size))),
    take: (frame) => {
      if (frame.type === frameType.output) deliver(frame);
      if (frame.type === frameType.grant && frame.data.length === 4) {
        credit += frame.data.readUInt32LE();
        wake();
      }
      if (frame.type !== frameType.exit) return;
      end();
      // An empty write is called back when all before it has been handed on.
      const status = frame.data[0] ?? 0;
      sinks.stdout.write('', () => sinks.stderr.write('', () => settle(status)));
    },
    fail: (error) => {
      end();
      fail(error);
    },
  };
}

/**
 * Waits for the agent's greeting on whichever of the ports it comes, and returns the link to it. Reads the ports until they end.
 *
 * Never settles when no agent greets; whoever calls watches the machine as well.
 */
export function connect(ports: readonly Duplex[]): Promise<Link> {
  return new Promise((settle) => {
    for (const port of ports) {
      let link: Link | undefined;
      const take = (frame: Frame) => {
        if (link !== undefined) return link.take(frame);
        const greeting = frame.type === frameType.hello ? parseHello(frame.data) : undefined;
        if (greeting === undefined) return;
        link = new Link(port, greeting);
        settle(link);
      };
      attach(port, new Frames(), take, (error) => link?.fail(error));
    }
  });
}

/** The link to an agent whose greeting was heard before the machine's state was saved. */
export function resume(port: Duplex, greeting: Hello): Link {
  const link = new Link(port, greeting);
  attach(
    port,
    new Frames(true),
    (frame) => link.take(frame),
    (error) => link.fail(error),
  );
  return link;
}

function attach(port: Duplex, frames: Frames, take: (frame: Frame) => void, fail: (error: Error) => void): void {
  port.on('data', (bytes: Buffer) => {
    try {
      for (const frame of frames.take(bytes)) take(frame);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
      port.destroy();
    }
  });
  port.on('close', () => fail(new Error('the channel to the guest has ended')));
}

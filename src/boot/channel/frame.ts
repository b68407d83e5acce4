/**
 * The protocol of the command channel: frames between eulab and the agent in the guest (utils/agent), over one virtio port or
 * one serial line, and between `eulab exec` and the eulab that holds the machine.
 *
 * A frame: type u8, stream u8, session u16, length u32, all little endian, then so many bytes. A session is one command; its
 * number is the host's choice. Session 0 is the machine itself.
 *
 * Flow control: each output may have `streamWindow` bytes under way until the host has handed them on and gives credit for
 * as many more; standard input likewise, by GRANT. So one stream that nobody reads stops neither another nor the status.
 */
export const frameType = {
  open: 1,
  input: 2,
  credit: 3,
  signal: 4,
  resize: 5,
  renew: 6,
  powerOff: 7,
  /** Only to the eulab that holds the machine: the console's bytes as output 1, and input for it. */
  console: 8,
  hello: 128,
  output: 129,
  grant: 130,
  exit: 131,
  ack: 132,
  renewed: 133,
} as const;

export const headerBytes = 8;
export const streamWindow = 256 * 1024;
/** The longest piece of a stream that is put into one frame. */
export const pieceBytes = 32 * 1024;
/** What a frame may hold at most: an OPEN of a very long command line. */
const largestFrame = 16 * 1024 * 1024;

export interface Frame {
  readonly type: number;
  /** 1 for standard output, 2 for standard error; 0 where it says nothing. */
  readonly stream: number;
  readonly session: number;
  readonly data: Buffer;
}

/** A frame's bytes. @throws RangeError when it is longer than a frame may be. */
export function encode(type: number, session: number, data: Uint8Array = Buffer.alloc(0), stream = 0): Buffer {
  if (data.length > largestFrame) throw new RangeError(`a frame of ${data.length} bytes`);
  const head = Buffer.alloc(headerBytes);
  head.writeUInt8(type, 0);
  head.writeUInt8(stream, 1);
  head.writeUInt16LE(session, 2);
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data]);
}

/** Four bytes for a count. */
export function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Four bytes for a terminal's size. */
export function terminalSize({ rows, columns }: Size): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(rows & 0xffff, 0);
  bytes.writeUInt16LE(columns & 0xffff, 2);
  return bytes;
}

export interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** A command for the guest. */
export interface GuestCommand {
  /** Its words, as bytes: whatever but NUL they hold reaches the program. */
  readonly argv: readonly Uint8Array[];
  /** NAME=VALUE, added to the agent's own environment. */
  readonly env: readonly Uint8Array[];
  /** Where it starts; empty for where the agent is. */
  readonly folder: Uint8Array;
  /** A terminal of that size instead of three pipes. */
  readonly terminal: Size | undefined;
  /** What it wrote to disks is on them when its status is told. */
  readonly sync: boolean;
}

/** The data of an OPEN. @throws RangeError when a string holds NUL. */
export function openData({ argv, env, folder, terminal, sync }: GuestCommand): Buffer {
  const strings = [folder, ...argv, ...env];
  if (strings.some((bytes) => bytes.includes(0))) throw new RangeError('a word of the command holds NUL');
  const head = Buffer.alloc(13);
  head.writeUInt8((terminal === undefined ? 0 : 1) | (sync ? 2 : 0), 0);
  head.writeUInt16LE(terminal?.rows ?? 0, 1);
  head.writeUInt16LE(terminal?.columns ?? 0, 3);
  head.writeUInt32LE(argv.length, 5);
  head.writeUInt32LE(env.length, 9);
  return Buffer.concat([head, ...strings.flatMap((bytes) => [bytes, Buffer.alloc(1)])]);
}

/** The command of an OPEN's data; undefined when it is none. */
export function parseOpen(data: Buffer): GuestCommand | undefined {
  if (data.length < 14 || data.at(-1) !== 0) return undefined;
  const strings: Buffer[] = [];
  for (let at = 13; at < data.length; ) {
    const end = data.indexOf(0, at);
    strings.push(data.subarray(at, end));
    at = end + 1;
  }
  const [words, variables] = [data.readUInt32LE(5), data.readUInt32LE(9)];
  const [folder, ...rest] = strings;
  if (folder === undefined || words < 1 || rest.length !== words + variables) return undefined;
  const flags = data.readUInt8(0);
  return {
    folder,
    argv: rest.slice(0, words),
    env: rest.slice(words),
    terminal: (flags & 1) === 0 ? undefined : { rows: data.readUInt16LE(1), columns: data.readUInt16LE(3) },
    sync: (flags & 2) !== 0,
  };
}

/** What a machine that comes out of a saved state must not have in common with another one. */
export interface Renewal {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** 64 bytes. */
  readonly entropy: Uint8Array;
  /** The hardware address of eth0; undefined to leave it. */
  readonly mac: Uint8Array | undefined;
}

/** The data of a RENEW. */
export function renewData({ nowMs, entropy, mac }: Renewal): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(Math.floor(nowMs / 1000)), 0);
  head.writeUInt32LE(Math.floor((nowMs % 1000) * 1e6), 8);
  return Buffer.concat([head, entropy, mac ?? Buffer.alloc(6)]);
}

/** What the agent says of itself. */
export interface Hello {
  readonly version: number;
  /** How many bytes of frames may be under way to it; 0 where the port itself has flow control. */
  readonly window: number;
}

const greeting = 'EULAB-AGENT ';

export function hello({ version, window }: Hello): Buffer {
  return encode(frameType.hello, 0, Buffer.from(`${greeting}${version} ${window}\n`));
}

export function parseHello(data: Buffer): Hello | undefined {
  const match = /^EULAB-AGENT (\d{1,4}) (\d{1,9})\n$/.exec(data.toString('latin1'));
  return match === null ? undefined : { version: Number(match[1]), window: Number(match[2]) };
}

/**
 * The frames of a stream, from the first greeting on: what comes before it on a serial line, such as a boot loader's words,
 * is passed over. Takes bytes as they come; pure but for what it holds back.
 *
 * @throws RangeError when a frame is longer than one may be: the two ends have lost each other.
 */
export class Frames {
  /** What was not enough yet, in pieces: a serial line brings one byte at a time, which must not cost a copy of the rest each. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** How many bytes there must be before anything can be said. */
  #wanted = headerBytes;
  #greeted: boolean;

  /** `greeted`: the greeting was read before, by another. */
  constructor(greeted = false) {
    this.#greeted = greeted;
  }

  take(bytes: Buffer): Frame[] {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#held < this.#wanted) return [];
    const all = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces, this.#held);
    const { frames, rest, wanted } = this.#read(all);
    this.#pieces = [rest];
    this.#held = rest.length;
    this.#wanted = wanted;
    return frames;
  }

  #read(all: Buffer): { readonly frames: Frame[]; readonly rest: Buffer; readonly wanted: number } {
    let rest = all;
    if (!this.#greeted) {
      const at = all.indexOf(greeting, 0, 'latin1') - headerBytes;
      // What may be the beginning of a greeting is kept.
      rest = all.subarray(at >= 0 ? at : Math.max(0, all.length - headerBytes - greeting.length));
      if (at < 0) return { frames: [], rest, wanted: rest.length + 1 };
      this.#greeted = true;
    }
    const frames: Frame[] = [];
    while (rest.length >= headerBytes) {
      const length = rest.readUInt32LE(4);
      if (length > largestFrame) throw new RangeError(`a frame of ${length} bytes`);
      if (rest.length < headerBytes + length) return { frames, rest, wanted: headerBytes + length };
      const [type, stream, session] = [rest.readUInt8(0), rest.readUInt8(1), rest.readUInt16LE(2)];
      frames.push({ type, stream, session, data: rest.subarray(headerBytes, headerBytes + length) });
      rest = rest.subarray(headerBytes + length);
    }
    return { frames, rest, wanted: headerBytes };
  }
}

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Duplex, Readable, Writable } from 'node:stream';
import type { Document } from '../documents/document.ts';
import { EulabError } from '../errors.ts';
import { start } from '../exec.ts';
import { Captured, type Kept } from './captured.ts';

/** A line of --events. */
export type ToldEvent = Document<'event'>;

/** One call of eulab by itself. */
export interface Call {
  /** The verb, and behind it its options. */
  readonly verb: readonly string[];
  readonly args: readonly string[];
  /** What its stdin gets; undefined keeps it open, and empty. */
  readonly input?: string | undefined;
  readonly mostBytes?: number;
  readonly onEvent?: ((event: ToldEvent) => void) | undefined;
}

/** How it went. */
export interface Called {
  readonly status: number;
  readonly stdout: Kept;
  readonly stderr: Kept;
  /** Its last event; undefined for a call that was refused, or killed. */
  readonly end: Extract<ToldEvent, { kind: 'end' }> | undefined;
}

/** A call that goes on. */
export interface Child {
  readonly ended: Promise<Called>;
  /** Ends it: it is told that nobody reads its events any more, upon which it ends what it has started. */
  stop(): void;
}

/** All that this server has started. */
export class Children {
  private readonly running = new Set<Child>();
  private readonly own: readonly [string, ...string[]];
  private readonly folder: string;

  /** `own` is the call of eulab: Node, the program, and what every call has in common. */
  constructor(own: readonly [string, ...string[]], folder: string) {
    this.own = own;
    this.folder = folder;
  }

  /** Starts eulab with these words, in a session of its own: no terminal that it could ask on, no key that reaches it. */
  async start({ verb, args, input, mostBytes = 16 * 2 ** 20, onEvent }: Call): Promise<Child> {
    const [file, ...common] = this.own;
    const words = [...common, ...verb, '--events', 'fd:3', ...args];
    const child = await start(
      { file, args: words, cwd: this.folder, env: { NO_COLOR: '1', FORCE_COLOR: '' } },
      ['pipe', 'pipe', 'pipe', 'pipe'],
      { detached: true },
    );
    const [stdin, stdout, stderr, events] = child.stdio;
    if (!(stdin instanceof Writable && stdout instanceof Readable && stderr instanceof Readable && events instanceof Duplex)) {
      throw new EulabError('eulab has no standard streams');
    }
    // Each fails when the other side ends first, which is told by its status.
    for (const stream of [stdin, events]) stream.on('error', () => undefined);
    if (input !== undefined) stdin.end(input);
    const [out, err] = [new Captured(mostBytes), new Captured(mostBytes)];
    stdout.on('data', (chunk: Buffer) => out.take(chunk));
    stderr.on('data', (chunk: Buffer) => err.take(chunk));
    let end: Called['end'];
    createInterface({ input: events }).on('line', (line) => {
      const event = JSON.parse(line) as ToldEvent;
      if (event.kind === 'end') end = event;
      onEvent?.(event);
    });
    const started: Child = {
      ended: once(child, 'close').then(([code]) => {
        this.running.delete(started);
        return { status: typeof code === 'number' ? code : 137, stdout: out.kept(), stderr: err.kept(), end };
      }),
      stop: () => void events.destroy(),
    };
    this.running.add(started);
    return started;
  }

  /** Runs eulab to its end, or until the signal. @throws the signal's reason. */
  async run(call: Call, signal: AbortSignal): Promise<Called> {
    signal.throwIfAborted();
    const child = await this.start({ ...call, input: call.input ?? '' });
    const stop = () => child.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const called = await child.ended;
      signal.throwIfAborted();
      return called;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends all that run, and settles when they have ended. */
  async stopAll(): Promise<void> {
    const all = [...this.running];
    for (const child of all) child.stop();
    await Promise.all(all.map(({ ended }) => ended));
  }
}

import { EventEmitter, on } from 'node:events';
import type { Duplex } from 'node:stream';
import { EulabError, isErrno, status } from '../../errors.ts';
import { lineSplitter, type QmpEvent, type QmpMessage, qmpCall, qmpMessage } from './message.ts';

export type { QmpEvent } from './message.ts';

/** A conversation with one QEMU over its control socket. */
export interface Qmp {
  /** Of QEMU, as 7.2.22. */
  readonly version: string;
  /**
   * What the command returned. Calls may overlap: each gets its own answer.
   *
   * @throws QmpError when QEMU refuses it; EulabError (125) when the socket closes first; the signal's reason when it is
   *   aborted, and then QEMU's later answer is dropped.
   * @see QEMU QMP Reference Manual
   */
  execute(name: string, args?: Readonly<Record<string, unknown>>, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** Calls the listener at every event from now on; the function that comes back ends that. */
  listen(listener: (event: QmpEvent) => void): () => void;
  /** The events from this call on, in order, until the socket closes or the signal is aborted (no error either way). */
  events(options?: { readonly signal?: AbortSignal }): AsyncIterable<QmpEvent>;
  /** The next event of one of these names. @throws as `execute`. */
  next(names: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<QmpEvent>;
  /** Settles when the socket is closed, by either end: after that nothing can be asked. */
  readonly closed: Promise<void>;
  close(): void;
}

/** QEMU refused a command; `class` is its own: GenericError, CommandNotFound, DeviceNotFound, ... */
export class QmpError extends EulabError {
  readonly class: string;
  readonly description: string;

  constructor(command: string, refusal: { readonly class: string; readonly description: string }) {
    super(`QEMU refused ${command}: ${refusal.description}`, { exitCode: status.unknown });
    this.class = refusal.class;
    this.description = refusal.description;
  }
}

/** How a QEMU is told to talk over a socket that it inherits. Pure. */
export function qmpArgs(descriptor: number): string[] {
  return ['-chardev', `socket,id=qmp,fd=${descriptor}`, '-mon', 'chardev=qmp,mode=control'];
}

/**
 * Waits for QEMU's greeting and opens the conversation. `onEvent` is told every event, those too that come before this
 * returns. QEMU tells none of what happened before it was greeted: ask `state` for that.
 *
 * @throws EulabError (125) when the other end closes, or is no QEMU; the signal's reason when it is aborted.
 */
export async function qmp(
  socket: Duplex,
  options: { readonly onEvent?: (event: QmpEvent) => void; readonly signal?: AbortSignal } = {},
): Promise<Qmp> {
  const calls = new Calls(socket);
  if (options.onEvent !== undefined) calls.listen(options.onEvent);
  try {
    const version = await calls.greeting(options.signal);
    await calls.execute('qmp_capabilities', {}, options);
    return {
      version,
      execute: (name, args, more) => calls.execute(name, args, more),
      listen: (listener) => calls.listen(listener),
      events: (more) => calls.events(more),
      next: (names, more) => calls.next(names, more),
      closed: calls.closed,
      close: () => void socket.destroy(),
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Someone who waits for an answer, a greeting or an event. */
interface Waiter {
  /** What is waited for, for the error. */
  readonly what: string;
  /** True when the message is the one. */
  readonly wants: (message: QmpMessage) => boolean;
  readonly settle: (message: QmpMessage) => void;
  readonly fail: (error: unknown) => void;
}

class Calls {
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #waiting = new Set<Waiter>();
  readonly #events = new EventEmitter();
  #lastId = 0;
  /** The first message may come before anyone waits for it. */
  #version: string | undefined;
  #over: EulabError | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#events.setMaxListeners(0);
    const split = lineSplitter();
    socket.on('data', (piece: Buffer) => this.#read(split(piece)));
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#end(undefined);
        resolve();
      };
      socket.once('end', end);
      socket.once('close', end);
      // ECONNRESET and EPIPE are how a QEMU that ended looks from here.
      socket.on('error', (error) =>
        this.#end(isErrno(error) && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '') ? undefined : error),
      );
    });
  }

  async greeting(signal: AbortSignal | undefined): Promise<string> {
    if (this.#version === undefined) await this.#wait('its greeting', ({ kind }) => kind === 'greeting', signal);
    return this.#version ?? '';
  }

  async execute(
    name: string,
    args: Readonly<Record<string, unknown>> = {},
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<unknown> {
    signal?.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = this.#wait(
      `its answer to ${name}`,
      (message) => (message.kind === 'return' || message.kind === 'error') && message.id === id,
      signal,
    );
    if (this.#over === undefined) this.#socket.write(qmpCall(id, name, args));
    const answer = await answered;
    if (answer.kind === 'error') throw new QmpError(name, answer);
    return answer.kind === 'return' ? answer.value : undefined;
  }

  listen(listener: (event: QmpEvent) => void): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }

  events({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<QmpEvent> {
    const over = new AbortController();
    const source = on(this.#events, 'event', { signal: over.signal, close: ['end'] });
    if (this.#over !== undefined || signal?.aborted) over.abort();
    signal?.addEventListener('abort', () => this.#events.emit('end'), { once: true });
    return (async function* () {
      try {
        for await (const [event] of source) yield event as QmpEvent;
      } catch (error) {
        if (!over.signal.aborted) throw error;
      }
    })();
  }

  async next(names: readonly string[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<QmpEvent> {
    const wanted = await this.#wait(
      names.join(' or '),
      (message) => message.kind === 'event' && names.includes(message.event.name),
      signal,
    );
    if (wanted.kind !== 'event') throw new Error('an event was waited for');
    return wanted.event;
  }

  #wait(what: string, wants: Waiter['wants'], signal: AbortSignal | undefined): Promise<QmpMessage> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
      };
      const unhook = () => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', stop);
      };
      const waiter: Waiter = {
        what,
        wants,
        settle: (message) => {
          unhook();
          resolve(message);
        },
        fail: (error) => {
          unhook();
          reject(error);
        },
      };
      if (signal?.aborted) reject(signal.reason);
      else if (this.#over !== undefined) reject(this.#over);
      else {
        this.#waiting.add(waiter);
        signal?.addEventListener('abort', stop, { once: true });
      }
    });
  }

  #read(lines: readonly string[]): void {
    try {
      for (const line of lines) this.#take(qmpMessage(line));
    } catch (error) {
      this.#end(error);
      this.#socket.destroy();
    }
  }

  #take(message: QmpMessage): void {
    if (message.kind === 'greeting') this.#version = message.version;
    // One that cannot be read has no id: it is the answer to the oldest call there is.
    const nameless = message.kind === 'error' && message.id === undefined;
    for (const waiter of [...this.#waiting]) {
      if (!(waiter.wants(message) || (nameless && waiter.what.startsWith('its answer')))) continue;
      waiter.settle(message);
      if (nameless) break;
    }
    if (message.kind === 'event') this.#events.emit('event', message.event);
  }

  #end(cause: unknown): void {
    this.#over ??= new EulabError("QEMU's control socket is closed", { exitCode: status.unknown, cause });
    for (const { what, fail } of [...this.#waiting]) {
      const message = `QEMU closed its control socket before ${what}`;
      fail(cause instanceof EulabError ? cause : new EulabError(message, { exitCode: status.unknown, cause }));
    }
    this.#events.emit('end');
  }
}

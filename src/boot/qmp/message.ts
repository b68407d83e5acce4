import { EulabError, status } from '../../errors.ts';

/** Something that happened to the machine, as QEMU tells it: STOP, RESUME, RESET, SHUTDOWN, GUEST_PANICKED, MIGRATION, ... */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it happened, in milliseconds since 1970, by the host's clock. */
  readonly atMs: number;
}

/** One message of QEMU's. `id` is the call's that it answers. */
export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  /** `id` is undefined when QEMU could not even read the call. */
  | { readonly kind: 'error'; readonly id: number | undefined; readonly class: string; readonly description: string }
  | { readonly kind: 'event'; readonly event: QmpEvent };

/** A call as it goes over the wire; QEMU wants no newline at the end, and minds none. */
export function qmpCall(id: number, name: string, args: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ execute: name, arguments: args, id })}\n`;
}

/**
 * The message in one line of QEMU's. Pure.
 *
 * @throws EulabError (125) when it is none: then another program is at the other end.
 * @see docs/interop/qmp-spec.rst of QEMU
 */
export function qmpMessage(line: string): QmpMessage {
  const message = parsed(line);
  if (isObject(message)) {
    const { QMP, event, error, id } = message;
    if (isObject(QMP)) return { kind: 'greeting', version: versionOf(QMP['version']) };
    if (typeof event === 'string') return { kind: 'event', event: { name: event, ...circumstances(message) } };
    if (isObject(error)) {
      const told = { class: String(error['class']), description: String(error['desc']) };
      return { kind: 'error', id: typeof id === 'number' ? id : undefined, ...told };
    }
    if ('return' in message && typeof id === 'number') return { kind: 'return', id, value: message['return'] };
  }
  throw new EulabError(`QEMU's control socket said what is no QMP message: ${line.slice(0, 200)}`, { exitCode: status.unknown });
}

/** Whole lines out of pieces, which may be cut anywhere, inside of a character too; line ends and empty lines are dropped. */
export function lineSplitter(): (piece: Uint8Array) => string[] {
  const decoder = new TextDecoder();
  let rest = '';
  return (piece) => {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    return lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function circumstances(message: Readonly<Record<string, unknown>>): Omit<QmpEvent, 'name'> {
  const { data, timestamp } = message;
  const time = isObject(timestamp) ? timestamp : {};
  const atMs = Number(time['seconds'] ?? 0) * 1000 + Number(time['microseconds'] ?? 0) / 1000;
  return { data: isObject(data) ? data : {}, atMs };
}

function versionOf(version: unknown): string {
  const qemu = isObject(version) && isObject(version['qemu']) ? version['qemu'] : {};
  return [qemu['major'], qemu['minor'], qemu['micro']].join('.');
}

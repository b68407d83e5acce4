import { EulabError, status } from '../../errors.ts';
import { isObject } from './message.ts';
import { type Qmp, QmpError } from './qmp.ts';

/** Ends the waiting, and nothing that QEMU has begun. */
interface Waiting {
  readonly signal?: AbortSignal;
}

/** What the machine does: running, paused, guest-panicked, shutdown, prelaunch, postmigrate, io-error, ... */
export async function state(qmp: Qmp, waiting: Waiting = {}): Promise<string> {
  const answer = await qmp.execute('query-status', {}, waiting);
  return isObject(answer) ? String(answer['status']) : '';
}

/** Presses the power button: the guest is asked, and decides. */
export async function powerdown(qmp: Qmp, waiting: Waiting = {}): Promise<void> {
  await qmp.execute('system_powerdown', {}, waiting);
}

/** Ends QEMU, without asking the guest; returns when the control socket is closed. */
export async function quit(qmp: Qmp, waiting: Waiting = {}): Promise<void> {
  try {
    await qmp.execute('quit', {}, waiting);
  } catch (error) {
    waiting.signal?.throwIfAborted();
    // Its end may come before its answer.
    if (error instanceof QmpError) throw error;
  }
  await qmp.closed;
}

/** Stops the virtual CPUs. */
export async function pause(qmp: Qmp, waiting: Waiting = {}): Promise<void> {
  await qmp.execute('stop', {}, waiting);
}

/** Lets the virtual CPUs run on. */
export async function resume(qmp: Qmp, waiting: Waiting = {}): Promise<void> {
  await qmp.execute('cont', {}, waiting);
}

/** Writes what the guest's screen shows. `file` is absolute, as QEMU may work in another folder. PNG is from QEMU 7.1 on. */
export async function screendump(qmp: Qmp, file: string, format: 'png' | 'ppm' = 'png', waiting: Waiting = {}): Promise<void> {
  // A QEMU before 7.1 knows no formats, and refuses the word.
  await qmp.execute('screendump', format === 'ppm' ? { filename: file } : { filename: file, format }, waiting);
}

/** A line of QEMU's human monitor, and what it printed. @throws QmpError; what the line itself says is for people. */
export async function monitor(qmp: Qmp, line: string, waiting: Waiting = {}): Promise<string> {
  return String(await qmp.execute('human-monitor-command', { 'command-line': line }, waiting));
}

/** Opens gdb's stub at a place such as tcp:127.0.0.1:1234 or unix:PATH,server=on,wait=off. @throws EulabError (125) if it cannot. */
export async function gdbserver(qmp: Qmp, place: string, waiting: Waiting = {}): Promise<void> {
  const said = (await monitor(qmp, `gdbserver ${place}`, waiting)).trim();
  if (/^Waiting for gdb connection/.test(said)) return;
  throw new EulabError(`QEMU cannot open a gdb stub at ${place}: ${said}`, { exitCode: status.unknown });
}

/** The forms of a memory dump: ELF, or kdump's compressed ones, a fraction of the size. */
export type DumpFormat = 'elf' | 'kdump-zlib' | 'kdump-lzo' | 'kdump-snappy';

/**
 * Writes the guest's memory to `file`, as a vmcore; the machine stands still meanwhile.
 *
 * @throws QmpError, for example when QEMU was built without the compression.
 * @see QEMU QMP Reference Manual, dump-guest-memory
 */
export async function dump(qmp: Qmp, file: string, format: DumpFormat = 'elf', waiting: Waiting = {}): Promise<void> {
  await qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${file}`, format }, waiting);
}

/** What a migration is done with. */
export interface Migration extends Waiting {
  /** `x-ignore-shared`, `events`, ... with their state; the others are left as they are. */
  readonly capabilities?: Readonly<Record<string, boolean>>;
  /** `max-bandwidth` in bytes a second, `downtime-limit`, ... @see QEMU QMP Reference Manual, migrate-set-parameters */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/**
 * Sends the machine's whole state to `uri` and returns when it is there; the machine stands still from then on.
 *
 * `fd:N` is a descriptor that QEMU inherited, `exec:COMMAND` a shell's standard input, `file:PATH` is from QEMU 8.2 on.
 * An aborted signal cancels the migration, and the machine runs on.
 *
 * @throws EulabError (125) with QEMU's reason when it fails.
 */
export async function migrate(qmp: Qmp, uri: string, { capabilities, parameters, signal }: Migration = {}): Promise<void> {
  const waiting = signal === undefined ? {} : { signal };
  const switches = { events: true, ...capabilities };
  const list = Object.entries(switches).map(([capability, state]) => ({ capability, state }));
  await qmp.execute('migrate-set-capabilities', { capabilities: list }, waiting);
  if (parameters !== undefined) await qmp.execute('migrate-set-parameters', parameters, waiting);
  const ended = new AbortController();
  const over = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
  // From before the start on: a small machine is through before the answer comes.
  const events = qmp.events({ signal: over });
  try {
    await qmp.execute('migrate', { uri }, waiting);
    for await (const { name, data } of events) {
      if (name !== 'MIGRATION') continue;
      if (data['status'] === 'completed') return await settled(qmp, waiting);
      if (data['status'] === 'failed' || data['status'] === 'cancelled') throw await failedMigration(qmp, uri);
    }
    signal?.throwIfAborted();
    throw new EulabError(`QEMU ended before its state was at ${uri}`, { exitCode: status.unknown });
  } catch (error) {
    if (signal?.aborted) await qmp.execute('migrate_cancel').catch(() => undefined);
    throw error;
  } finally {
    ended.abort();
  }
}

/** The reader of a state may still be at it when QEMU calls it completed: QEMU waits for an `exec:` in its main loop, next. */
async function settled(qmp: Qmp, waiting: Waiting): Promise<void> {
  while ((await state(qmp, waiting)) === 'finish-migrate');
  await state(qmp, waiting);
}

async function failedMigration(qmp: Qmp, uri: string): Promise<EulabError> {
  const answer = await qmp.execute('query-migrate');
  const why = isObject(answer) ? (answer['error-desc'] ?? answer['status']) : '';
  return new EulabError(`QEMU cannot save its state to ${uri}: ${why}`, { exitCode: status.unknown });
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { EulabError, status } from '../../errors.ts';
import { start } from '../../exec.ts';
import { tscRom } from './tsc-rom.ts';

/** A guest's counter at a moment of the host's clock, which lies within `uncertainNs` around it. */
interface Reading {
  readonly ticks: bigint;
  readonly ns: bigint;
  readonly uncertainNs: number;
}

const spanMs = 250;
const readings = 25;

/** False on an x86 host whose counter changes with the clock rate or stops in sleep. */
function steady(): boolean {
  if (process.arch !== 'x64') return true;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return flags.includes('constant_tsc') && flags.includes('nonstop_tsc');
}

/** How exact a rate has to be, and how long it may take to find it. */
export interface Wanted {
  readonly ppm: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures the rate of an emulated CPU's time-stamp counter against the host's clock, in kHz.
 *
 * @throws EulabError (3) when the counter does not run at a steady rate, so that no figure would be right, or not in time.
 */
export async function measureTscKhz(qemu: string, { ppm, limitMs, signal }: Wanted): Promise<number> {
  if (!steady()) throw unsteady('its CPUs have no constant_tsc');
  const folder = mkdtempSync(join(tmpdir(), 'eulab-tsc-'));
  const rom = join(folder, 'tsc.rom');
  writeFileSync(rom, tscRom());
  const args = ['-accel', 'tcg', '-machine', 'pc', '-m', '2', '-nodefaults', '-no-user-config', '-display', 'none'];
  const serial = ['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'];
  const child = await start({ file: qemu, args: [...args, '-bios', rom, ...serial] }, ['pipe', 'pipe', 'ignore']);
  const stop = () => child.kill('SIGKILL');
  const limit = setTimeout(stop, limitMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const [input, output] = child.stdio;
    if (input === null || input === undefined || !(output instanceof Readable)) throw unsteady('QEMU has no output');
    const read = reader(input as Writable, output);
    await read();
    const first = await best(read);
    for (let bounds = { low: 0, high: Number.POSITIVE_INFINITY }; ; ) {
      await pause(spanMs, undefined, signal === undefined ? {} : { signal });
      bounds = narrowed(bounds, first, await best(read));
      if (bounds.low > bounds.high) throw unsteady('it does not count evenly');
      const middle = (bounds.low + bounds.high) / 2;
      if (((bounds.high - bounds.low) / 2 / middle) * 1e6 < ppm) return Math.round(middle);
    }
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener('abort', stop);
    stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks the guest for its counter; the answer is dated halfway between question and answer. */
function reader(input: Writable, output: Readable): () => Promise<Reading> {
  const chunks = output[Symbol.asyncIterator]();
  input.on('error', () => undefined);
  return async () => {
    const askedNs = process.hrtime.bigint();
    input.write('?');
    let bytes: Buffer = Buffer.alloc(0);
    while (bytes.length < 8) {
      const next = await chunks.next();
      if (next.done === true) throw unsteady('QEMU ended while it was measured');
      bytes = Buffer.concat([bytes, next.value]);
    }
    const answeredNs = process.hrtime.bigint();
    return {
      ticks: bytes.readBigUInt64LE(0),
      ns: (askedNs + answeredNs) / 2n,
      uncertainNs: Number(answeredNs - askedNs) / 2,
    };
  };
}

/** The reading that is dated best of several. */
async function best(read: () => Promise<Reading>): Promise<Reading> {
  let least = await read();
  for (let count = 1; count < readings; count += 1) {
    const next = await read();
    if (next.uncertainNs < least.uncertainNs) least = next;
  }
  return least;
}

/** What the rate can be, in kHz, after one more reading: the true one lies between what each pair of readings allows. */
function narrowed(bounds: { low: number; high: number }, from: Reading, to: Reading): { low: number; high: number } {
  const ticks = Number(to.ticks - from.ticks) * 1e6;
  const ns = Number(to.ns - from.ns);
  const uncertainNs = from.uncertainNs + to.uncertainNs;
  return { low: Math.max(bounds.low, ticks / (ns + uncertainNs)), high: Math.min(bounds.high, ticks / (ns - uncertainNs)) };
}

function unsteady(why: string): EulabError {
  return new EulabError(`the rate of this host's time-stamp counter is not known: ${why}`, {
    hint: 'take a machine that measures time by itself: --machine q35',
    exitCode: status.notReady,
  });
}

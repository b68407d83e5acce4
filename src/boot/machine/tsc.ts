import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
const limitMs = 10_000;
/** Good enough: Linux's own quick calibration is content with 500 ppm, and a crystal's error is some 50. */
const wantedPpm = 100;

/**
 * The rate of an emulated CPU's time-stamp counter, in kHz, measured against the host's clock: QEMU's rdtsc is the host's
 * counter, so that a guest which is told this rate has the right time. Takes a second, once per boot of the host.
 *
 * @throws EulabError (3) when the counter does not run at a steady rate, so that no figure would be right.
 */
export async function emulatedTscKhz(qemu: string, cache: string, signal?: AbortSignal): Promise<number> {
  const file = join(cache, 'probes', 'tsc.json');
  const host = identity(qemu);
  const known = recall(file, host);
  if (known !== undefined) return known;
  if (!steady()) throw unsteady('its CPUs have no constant_tsc');
  const khz = await measure(qemu, signal);
  remember(file, host, khz);
  return khz;
}

/** False on an x86 host whose counter changes with the clock rate or stops in sleep. */
function steady(): boolean {
  if (process.arch !== 'x64') return true;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return flags.includes('constant_tsc') && flags.includes('nonstop_tsc');
}

async function measure(qemu: string, signal?: AbortSignal): Promise<number> {
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
      if (((bounds.high - bounds.low) / 2 / middle) * 1e6 < wantedPpm) return Math.round(middle);
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

/** What the rate depends on: this boot of the host, and this QEMU. */
function identity(qemu: string): string {
  const { size, mtimeMs } = statSync(qemu);
  return [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), qemu, size, mtimeMs].join(' ');
}

function recall(file: string, host: string): number | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { host: string; khz: number };
    return kept.host === host && Number.isInteger(kept.khz) ? kept.khz : undefined;
  } catch {
    return undefined;
  }
}

function remember(file: string, host: string, khz: number): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify({ host, khz }));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A cache that cannot be written costs a second at the next boot, and no boot.
  }
}

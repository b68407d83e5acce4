import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EulabError } from '../../errors.ts';

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
  if (known !== undefined && known > 0) return known;
  // Once for each boot of the host: a boot of a guest need not load it.
  const { measureTscKhz } = await import('./tsc-measure.ts');
  const khz = await measureTscKhz(qemu, signal);
  remember(file, host, khz);
  return khz;
}

/**
 * The same for a machine that can do without: the rate when it is known, or when this host has asked before, so that it pays
 * to measure it; undefined the first time, and where it cannot be had.
 */
export async function knownTscKhz(qemu: string, cache: string, signal?: AbortSignal): Promise<number | undefined> {
  const file = join(cache, 'probes', 'tsc.json');
  const host = identity(qemu);
  const kept = recall(file, host);
  if (kept !== undefined) return kept === 0 ? undefined : kept;
  const asked = join(cache, 'probes', 'tsc-asked.json');
  if (recall(asked, host) === undefined) {
    remember(asked, host, 0);
    return undefined;
  }
  return await emulatedTscKhz(qemu, cache, signal).catch((error: unknown) => {
    if (!(error instanceof EulabError) || signal?.aborted === true) throw error;
    remember(file, host, 0);
    return undefined;
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

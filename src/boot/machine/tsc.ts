import { EulabError } from '../../errors.ts';
import { known } from '../../known.ts';
import { thisHost } from './host.ts';

/** For a guest that has no other clock: a crystal's error is some 50 ppm. */
const finePpm = 100;
/** For one that goes on to measure by itself: Linux's own quick calibration is content with this. */
const coarsePpm = 500;
const fineLimitMs = 10_000;
const coarseLimitMs = 1000;

/** A busy host cannot be measured in this time, but may be at the next boot. */
const mostTries = 3;

/** What is known of a host: the rate with how far it may be off, and how often somebody wanted to know. */
interface Rate {
  readonly khz?: number;
  readonly ppm?: number;
  readonly wanted?: number;
}

/**
 * The rate of an emulated CPU's time-stamp counter, in kHz, measured against the host's clock: QEMU's rdtsc is the host's
 * counter, so that a guest which is told this rate has the right time. Takes a second, once per boot of the host.
 *
 * @throws EulabError (3) when the counter does not run at a steady rate, so that no figure would be right.
 */
export async function emulatedTscKhz(qemu: string, cache: string, signal?: AbortSignal): Promise<number> {
  const kept = keeper(qemu, cache);
  const { khz: measured, ppm = 0 } = kept.recall();
  if (measured !== undefined && ppm <= finePpm) return measured;
  // Once for each boot of the host: a boot of a guest need not load it.
  const { measureTscKhz } = await import('./tsc-measure.ts');
  const khz = await measureTscKhz(qemu, { ppm: finePpm, limitMs: fineLimitMs, signal });
  kept.remember({ khz, ppm: finePpm });
  return khz;
}

/**
 * The same for a machine that has other clocks, less exact: the rate when it is known; undefined where it is not. When the
 * machine `boots`, and another has before since the host did, it pays to find out: that takes half a second, once.
 */
export async function knownTscKhz(
  qemu: string,
  cache: string,
  { boots, signal }: { readonly boots: boolean; readonly signal?: AbortSignal | undefined },
): Promise<number | undefined> {
  const kept = keeper(qemu, cache);
  const { khz: measured, wanted = 0 } = kept.recall();
  if (measured !== undefined || !boots || wanted > mostTries) return measured;
  kept.remember({ wanted: wanted + 1 });
  if (wanted === 0) return undefined;
  const { measureTscKhz } = await import('./tsc-measure.ts');
  const measuring = measureTscKhz(qemu, { ppm: coarsePpm, limitMs: coarseLimitMs, signal });
  const khz = await measuring.catch((error: unknown) => {
    if (!(error instanceof EulabError) || signal?.aborted === true) throw error;
    return undefined;
  });
  if (khz !== undefined) kept.remember({ khz, ppm: coarsePpm });
  return khz;
}

/** What is kept for this boot of the host and this QEMU. */
function keeper(qemu: string, cache: string) {
  const rates = known<Rate>(cache, 'tsc', 1);
  const host = thisHost(qemu);
  return { recall: () => rates.recall(host) ?? {}, remember: (rate: Rate) => rates.remember(host, rate) };
}

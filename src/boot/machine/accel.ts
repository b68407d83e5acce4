import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EulabError, status } from '../../errors.ts';
import { type Outcome, probe } from '../../exec.ts';
import { known } from '../../known.ts';
import { thisHost } from './host.ts';
import { probeLimitMs, probeRom, probeStatus } from './kvm-probe.ts';

/** What QEMU needs under emulation is a tenth of a second; this is for a host that is busy. */
const emulationLimitMs = 20_000;

/** The accelerator of a machine; `why` says in a phrase why `auto` did not take KVM, once: the first time it is found. */
export interface Accelerator {
  readonly name: 'kvm' | 'tcg';
  readonly why?: string;
}

/** What is known of this host's KVM: the outcome of one probe, good until the host boots again or QEMU changes. */
interface Verdict {
  /** A guest was started; else the device alone told. */
  readonly tried: boolean;
  readonly works: boolean;
  readonly why: string;
  /** The command that gives us the device, where there is one. */
  readonly remedy?: string;
}

/**
 * The accelerator to boot with. `auto` takes KVM only when a guest was seen to run under it, and says why not otherwise;
 * the verdict is kept in the cache for as long as the host is up, so that the probe (a second at most) runs once.
 *
 * @throws EulabError (3) when `kvm` is asked for and does not work.
 */
export async function accelerator(
  wanted: 'auto' | 'kvm' | 'tcg',
  host: { readonly qemu: string; readonly cache: string; readonly signal?: AbortSignal },
): Promise<Accelerator> {
  if (wanted === 'tcg') return { name: 'tcg' };
  const verdicts = known<Verdict>(host.cache, 'kvm', 1);
  const identity = thisHost(host.qemu);
  const last = verdicts.recall(identity);
  const verdict = openable() ?? (last?.tried ? last : await tryOut(host));
  if (verdict.why !== last?.why) verdicts.remember(identity, verdict);
  if (verdict.works) return { name: 'kvm' };
  if (wanted === 'auto') return verdict.why === last?.why ? { name: 'tcg' } : { name: 'tcg', why: verdict.why };
  throw unusable(verdict);
}

/**
 * Tries a guest under KVM now, whatever is known from before, and keeps the verdict for the boots to come. Nothing that keeps the
 * CPUs busy should run at the same time: how long it takes is what tells.
 *
 * @throws EulabError (3) when it does not work.
 */
export async function tryKvm(host: {
  readonly qemu: string;
  readonly cache: string;
  readonly signal?: AbortSignal;
}): Promise<void> {
  const verdict = openable() ?? (await tryOut(host));
  known<Verdict>(host.cache, 'kvm', 1).remember(thisHost(host.qemu), verdict);
  if (!verdict.works) throw unusable(verdict);
}

/** Runs the probe's guest under emulation, which has to work everywhere. @throws EulabError (3) with what QEMU said. */
export async function tryEmulation({ qemu, signal }: { readonly qemu: string; readonly signal?: AbortSignal }): Promise<void> {
  const { code, timedOut, stderr } = await runRom(qemu, ['tcg', 'max'], emulationLimitMs, signal);
  if (code === probeStatus) return;
  const said = stderr.trim().split('\n')[0] ?? '';
  throw new EulabError(`${qemu} runs no guest: ${timedOut ? 'it takes too long' : said || `status ${code}`}`, {
    hint: 'install it again, or name another with --qemu',
    check: 'qemu',
    exitCode: status.notReady,
  });
}

function unusable({ why, remedy }: Verdict): EulabError {
  const facts = { check: 'kvm', remedy, exitCode: status.notReady } as const;
  return new EulabError(`KVM cannot be used: ${why}`, { hint: 'boot without it: --accel tcg', ...facts });
}

/** The verdict that needs no guest: there is no device, or we may not open it. Undefined when we may. */
function openable(): Verdict | undefined {
  if (!existsSync('/dev/kvm')) {
    const remedy = 'sudo modprobe kvm_intel || sudo modprobe kvm_amd';
    return { tried: false, works: false, why: 'this host has no /dev/kvm', remedy };
  }
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    const remedy = 'sudo usermod -aG kvm "$USER"';
    return { tried: false, works: false, why: `no permission for /dev/kvm (to get it: ${remedy}, then log in again)`, remedy };
  }
}

async function tryOut({ qemu, signal }: { readonly qemu: string; readonly signal?: AbortSignal }): Promise<Verdict> {
  // The CPU model is that of the boot: some hosts run one model and stop at another.
  const outcome = await runRom(qemu, ['kvm', 'host'], probeLimitMs, signal);
  if (outcome.code === probeStatus) return { tried: true, works: true, why: '' };
  if (outcome.timedOut) return { tried: true, works: false, why: '/dev/kvm opens, but a guest under it hardly runs' };
  const said = outcome.stderr.trim().split('\n')[0] ?? '';
  return { tried: true, works: false, why: `/dev/kvm opens, but a guest under it fails (${said || `status ${outcome.code}`})` };
}

async function runRom(
  qemu: string,
  [accel, cpu]: readonly [accel: string, cpu: string],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'eulab-kvm-'));
  try {
    const rom = join(folder, 'probe.rom');
    writeFileSync(rom, probeRom());
    const bare = ['-machine', 'pc', '-m', '2', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'];
    const args = ['-accel', accel, '-cpu', cpu, ...bare, '-bios', rom, '-device', 'isa-debug-exit,iobase=0xf4,iosize=1'];
    return await probe({ file: qemu, args }, { timeoutMs, signal });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

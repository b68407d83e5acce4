import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../command.ts';
import { EulabError, status } from '../../errors.ts';
import { probe } from '../../exec.ts';
import { known } from '../known.ts';
import { thisHost } from './host.ts';
import { probeLimitMs, probeRom, probeStatus } from './kvm-probe.ts';

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
  throw new EulabError(`KVM cannot be used: ${verdict.why}`, { hint: 'boot without it: --accel tcg', exitCode: status.notReady });
}

/** The verdict that needs no guest: there is no device, or we may not open it. Undefined when we may. */
function openable(): Verdict | undefined {
  if (!existsSync('/dev/kvm')) return { tried: false, works: false, why: 'this host has no /dev/kvm' };
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return {
      tried: false,
      works: false,
      why: 'no permission for /dev/kvm (to get it: sudo usermod -aG kvm "$USER", then log in again)',
    };
  }
}

async function tryOut({ qemu, signal }: { readonly qemu: string; readonly signal?: AbortSignal }): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'eulab-kvm-'));
  try {
    const rom = join(folder, 'probe.rom');
    writeFileSync(rom, probeRom());
    const outcome = await probe(probeCommand(qemu, rom), { timeoutMs: probeLimitMs, signal });
    if (outcome.code === probeStatus) return { tried: true, works: true, why: '' };
    if (outcome.timedOut) return { tried: true, works: false, why: '/dev/kvm opens, but a guest under it hardly runs' };
    const said = outcome.stderr.trim().split('\n')[0] ?? '';
    return { tried: true, works: false, why: `/dev/kvm opens, but a guest under it fails (${said || `status ${outcome.code}`})` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function probeCommand(qemu: string, rom: string): Command {
  // The CPU model is that of the boot: some hosts run one model and stop at another.
  const args = [
    '-accel',
    'kvm',
    '-cpu',
    'host',
    '-machine',
    'pc',
    '-m',
    '2',
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
  ];
  return { file: qemu, args: [...args, '-no-reboot', '-bios', rom, '-device', 'isa-debug-exit,iobase=0xf4,iosize=1'] };
}

import type { ArchName } from '../../architectures.ts';
import { EulabError, status } from '../../errors.ts';
import { locate, missing } from '../../exec.ts';
import type { Topology } from '../../machine-values.ts';
import type { BootedInitramfs } from '../image/initramfs-form.ts';
import type { BootedKernel } from '../image/kernel-form.ts';
import { type Accelerator, accelerator } from './accel.ts';
import { type Arch, archs } from './arch.ts';
import type { Drive } from './drives.ts';
import { absolute, availableBytes, checkShare, checkVsock, configBeside } from './host.ts';
import {
  checkCards,
  checkCmdline,
  checkCpu,
  checkCpus,
  checkMachine,
  checkMemory,
  checkMicrovm,
  checkVersion,
} from './limits.ts';
import { qboot } from './machine.ts';
import { orderWords } from './nic.ts';
import { cardChoices } from './nic-choices.ts';
import { nodes } from './numa.ts';
import type { Machine } from './qemu.ts';
import { qemuFacts } from './qemu-facts.ts';
import { type Choice, type RecipeFacts, recipe } from './recipe.ts';
import { mountOrder, type Share, share, shareWords } from './share.ts';
import { emulatedTscKhz, knownTscKhz } from './tsc.ts';

/** What a user asks of a machine, as the settings have it. */
export interface Asked {
  readonly accel: 'auto' | 'kvm' | 'tcg';
  readonly machine: string;
  readonly memory: number;
  readonly cpus: Topology;
  readonly cpu?: string | undefined;
  readonly numa?: readonly string[] | undefined;
  readonly net: Machine['net'];
  readonly share?: readonly string[] | undefined;
  readonly cwd?: true | undefined;
  readonly root?: string | undefined;
  readonly rng: boolean;
  readonly vsock?: string | undefined;
  readonly rtc?: string | undefined;
  readonly append?: readonly string[] | undefined;
  readonly qemu?: string | undefined;
  readonly qemuArg?: readonly string[] | undefined;
}

/** What is to be booted, and by whom. */
export interface Subject {
  readonly arch: ArchName;
  readonly kernel: string;
  readonly drives: readonly Drive[];
  readonly debug: Machine['debug'];
  /** The form in which the kernel is given to QEMU. */
  readonly form: (accel: 'kvm' | 'tcg') => Promise<BootedKernel>;
  readonly unpacked: (accel: 'kvm' | 'tcg') => Promise<BootedInitramfs>;
  readonly console: Machine['console'];
  /** It is started, not only shown. */
  readonly boots: boolean;
  /** Words of the kernel's command line that stand before the user's. */
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cache: string;
  readonly sizeOf: (text: string) => number;
  readonly signal?: AbortSignal;
}

/** A machine that is ready to be started, and what the user is to know of it. */
export interface Prepared {
  readonly machine: Omit<Machine, 'folder'>;
  readonly choices: readonly Choice[];
  /** Lines for stderr. */
  readonly notes: readonly string[];
}

/**
 * Chooses the machine for a boot and refuses, before QEMU starts, what cannot be had.
 *
 * @throws EulabError (2) that names the option and the value; (3) when a program or a device of the host is missing.
 */
export async function prepare(asked: Asked, subject: Subject): Promise<Prepared> {
  const arch = archs[subject.arch];
  const shares = sharesOf(asked);
  const numa = nodes(asked.numa ?? [], asked.cpus.count, asked.memory, subject.sizeOf);
  const named = asked.machine === 'auto' ? arch.machines[0] : asked.machine;
  checkMachine(named, arch, undefined);
  checkCpus(asked.cpus.count, named);
  checkMemory(asked.memory, availableBytes());
  checkPlaces(named, asked, { shares, nodes: numa.length }, subject);

  const { program, path, facts, version } = await programOf(asked, arch, named, subject);
  const accel = await acceleratorFor(arch, asked, path, subject);
  if (asked.cpu !== undefined) checkCpu(asked.cpu, accel.name, await facts.cpus());
  const known: Omit<RecipeFacts, 'tscKhz'> = {
    arch,
    accel: accel.name,
    machine: asked.machine,
    cpu: asked.cpu,
    cpus: asked.cpus.count,
    kernel: await subject.form(accel.name),
    initramfs: await subject.unpacked(accel.name),
    qemuVersion: version,
    qboot: arch.name === 'x86_64' ? qboot(path) : undefined,
    interactive: subject.console === 'terminal',
  };
  const cwd = asked.cwd === true ? absolute('.') : undefined;
  const append = asked.append ?? [];
  const choose = (tscKhz: number | undefined) => {
    const { words, ...rest } = recipe({ ...known, tscKhz });
    const cmdline = [...words, ...subject.words, ...shareWords(shares, cwd), ...append];
    checkCmdline([...orderWords({ net: asked.net, folder: '' }), ...cmdline], append, arch);
    return { ...rest, cmdline };
  };
  const emulated = accel.name === 'tcg' && arch.name === 'x86_64';
  const khz = emulated ? await tscKhz(named, path, { ...subject, boots: false }) : undefined;
  const first = choose(khz);
  // Nothing is refused any more: what takes time comes last.
  const found = emulated && khz === undefined && subject.boots ? await tscKhz(named, path, subject) : undefined;
  const { choices, cmdline, ...parts } = found === undefined ? first : choose(found);
  const machine: Prepared['machine'] = {
    ...parts,
    qemu: program,
    accel: accel.name,
    memoryBytes: asked.memory,
    cpus: asked.cpus,
    nodes: numa,
    image: subject.kernel,
    drives: subject.drives,
    debug: subject.debug,
    cmdline,
    net: asked.net,
    shares,
    rng: asked.rng,
    vsockCid: vsockCid(asked.vsock),
    rtc: asked.rtc,
    console: subject.console,
    extra: asked.qemuArg ?? [],
  };
  return { machine, choices: [...choices, ...cardChoices(asked.net)], notes: notes(asked, accel, machine) };
}

/** QEMU, which is there and not too old. */
async function programOf(asked: Asked, arch: Arch, machine: string, { env, cache, signal }: Subject) {
  const program = asked.qemu ?? arch.program;
  const path = locate(program, env);
  if (path === undefined) throw missing(program);
  const facts = qemuFacts(path, cache, signal);
  const version = await facts.version();
  checkVersion(program, version);
  const lab = asked.net.some(({ backend }) => backend.kind === 'lab');
  if (lab) checkVersion(program, version, { what: '--net lab', since: [7, 2] });
  if (asked.machine !== 'auto') checkMachine(machine, arch, await facts.machines());
  return { program, path, facts, version };
}

function vsockCid(asked: string | undefined): number | undefined {
  if (asked !== 'auto') return asked === undefined ? undefined : Number(asked);
  return process.getBuiltinModule('node:crypto').randomInt(2 ** 16, 2 ** 31);
}

function sharesOf(asked: Asked): Share[] {
  const given = (asked.share ?? []).map((text) => share(text, absolute));
  const here = absolute('.');
  const list = asked.cwd === true ? [...given, share(here.replaceAll(/[:\\]/g, '\\$&'), absolute)] : given;
  for (const each of list) checkShare(each);
  return mountOrder(list);
}

/** Refuses devices that the kernel has no driver for, or the machine no place. */
function checkPlaces(
  machine: string,
  asked: Asked,
  { shares, nodes }: { readonly shares: readonly Share[]; readonly nodes: number },
  { kernel, drives }: Subject,
): void {
  checkCards(asked.net, () => configBeside(kernel));
  if (asked.vsock !== undefined) checkVsock();
  if (machine !== 'microvm') return;
  checkMicrovm({
    nodes,
    devices: deviceCount(asked, shares) + drives.length,
    cards: asked.net.map(({ model }) => model),
    kernelConfig: configBeside(kernel),
  });
}

function deviceCount({ net, rng, vsock }: Asked, shares: readonly Share[]): number {
  const serial = 1;
  return shares.length + serial + net.length + (rng ? 1 : 0) + (vsock === undefined ? 0 : 1);
}

/** KVM runs guests of the host's own architecture, and our proof that it does is a program for x86. */
async function acceleratorFor(arch: Arch, { accel }: Asked, qemu: string, subject: Subject): Promise<Accelerator> {
  if (arch.node === process.arch && arch.name === 'x86_64') return accelerator(accel, { qemu, ...subject });
  if (accel !== 'kvm') return { name: 'tcg' };
  if (arch.node === process.arch) return { name: 'kvm' };
  throw new EulabError(`--accel kvm: this host cannot run ${arch.name} under KVM, only its own architecture`, {
    hint: 'emulate it: --accel tcg',
    exitCode: status.notReady,
  });
}

async function tscKhz(machine: string, qemu: string, { cache, boots, signal }: Subject) {
  if (machine === 'microvm') return await emulatedTscKhz(qemu, cache, signal);
  return await knownTscKhz(qemu, cache, { boots, signal });
}

function notes({ rtc, vsock }: Asked, accel: Accelerator, machine: Prepared['machine']): string[] {
  const list = accel.why === undefined ? [] : [`booting under emulation (TCG): ${accel.why}`];
  const khz = machine.cmdline.find((word) => word.startsWith('tsc_early_khz='))?.split('=')[1];
  if (khz !== undefined && machine.cmdline.includes('tsc=reliable')) {
    list.push(`the guest's clock runs by a rate that was measured on this host: ${khz} kHz, within 0.01 %`);
  }
  if (rtc !== undefined && rtc !== 'utc' && rtc !== 'localtime') list.push(`the guest's clock starts at ${rtc}, as --rtc says`);
  if (vsock === 'auto') list.push(`the guest's vsock address is ${machine.vsockCid}`);
  return list;
}

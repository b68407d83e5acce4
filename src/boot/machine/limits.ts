import { type ArchName, architectures, usualArch } from '../../architectures.ts';
import { EulabError, status } from '../../errors.ts';
import { didYouMean, nearest } from '../../nearest.ts';
import type { NicModel } from '../../net-values.ts';
import type { Arch } from './arch.ts';

const mebibyte = 1024 * 1024;

/** The oldest QEMU with all that eulab asks of one: NUMA nodes with memory of their own, microvm with ACPI. */
const oldest = [5, 2] as const;

/**
 * Refuses a QEMU that is too old for eulab, or for `what` was asked. Pure.
 *
 * @throws EulabError (3) that names both versions.
 */
export function checkVersion(
  program: string,
  [major, minor]: readonly [number, number],
  { what, since }: { readonly what: string; readonly since: readonly [number, number] } = { what: 'eulab', since: oldest },
): void {
  if (major > since[0] || (major === since[0] && minor >= since[1])) return;
  throw new EulabError(`${program} is version ${major}.${minor}: ${what} needs ${since.join('.')} or later`, {
    hint: 'name a newer one with --qemu',
    check: what === 'eulab' ? 'qemu' : 'lab',
    exitCode: status.notReady,
  });
}

/** Refuses memory that the host has not: a guest would be killed, or push everything else out. @throws EulabError (2) */
export function checkMemory(memoryBytes: number, availableBytes: number): void {
  if (memoryBytes <= availableBytes) return;
  const mib = (bytes: number) => `${Math.floor(bytes / mebibyte)} MiB`;
  throw refused(
    `--memory ${mib(memoryBytes)} is more than this host has: ${mib(availableBytes)} are available`,
    'ask for less: --memory 512M is enough for most kernels',
  );
}

/** The machine's most CPUs. @see QEMU's hw/i386/pc.c and microvm.c, hw/arm/virt.c, hw/riscv/virt.c */
function mostCpus(machine: string): number {
  if (machine.startsWith('virt')) return 512;
  return machine === 'microvm' ? 288 : 255;
}

/** Refuses more CPUs than a machine takes. @throws EulabError (2) */
export function checkCpus(cpus: number, machine: string): void {
  const most = mostCpus(machine);
  if (cpus <= most) return;
  const why = most === 255 ? ': more need an interrupt-remapping IOMMU, which eulab does not set up' : '';
  throw refused(`--cpus ${cpus} is more than the machine ${machine} takes (${most})${why}`, `ask for at most ${most}`);
}

/**
 * Refuses a machine that eulab cannot boot on, or this QEMU has not. Pure. `known` are the machines of this QEMU.
 *
 * @throws EulabError (2) with what there is.
 */
export function checkMachine(machine: string, arch: Arch, known: readonly string[] | undefined): void {
  const families = { x86_64: /^(q35|pc|microvm|pc-(q35|i440fx)-[\d.]+)$/, aarch64: /^virt(-[\d.]+)?$/, riscv64: /^virt$/ };
  if (!families[arch.name].test(machine)) {
    const near = nearest(machine, arch.machines);
    throw refused(
      `--machine ${machine}: eulab knows no such machine of ${arch.name}`,
      `${near === undefined ? '' : `did you mean ${near}? `}there are auto, ${arch.machines.join(', ')}`,
    );
  }
  if (known === undefined || known.includes(machine)) return;
  throw refused(`--machine ${machine}: this QEMU has no such machine`, `see them: ${arch.program} -machine help`);
}

/**
 * Refuses to profile a boot whose phases are not known: they are told apart by what a PC's firmware and first instructions do. Pure.
 *
 * @throws EulabError (2)
 */
export function checkProfiled(arch: ArchName): void {
  if (arch === usualArch) return;
  throw refused(
    `--profile-boot knows the phases of an x86_64 boot, and this kernel is for ${architectures[arch].word}`,
    'the times in its log: eulab boot -- dmesg',
  );
}

/** What of a machine microvm has no place for. */
export interface MicrovmWishes {
  readonly nodes: number;
  /** virtio devices: each takes one of the machine's places. */
  readonly devices: number;
  readonly cards: readonly NicModel[];
  readonly kernelConfig: ReadonlySet<string> | undefined;
}

const microvmPlaces = 24;

/** Refuses what a microvm cannot have, by name. @throws EulabError (2) */
export function checkMicrovm({ nodes, devices, cards, kernelConfig }: MicrovmWishes): void {
  const hint = 'take --machine q35';
  if (nodes > 0) throw refused('--machine microvm has no NUMA nodes: --numa cannot be had with it', hint);
  if (devices > microvmPlaces) {
    throw refused(`--machine microvm has ${microvmPlaces} places for virtio devices, ${devices} are asked for`, hint);
  }
  const card = cards.find((model) => model !== 'virtio');
  if (card !== undefined) throw refused(`--machine microvm has no PCI, which the network card ${card} needs`, hint);
  const lacking = ['CONFIG_VIRTIO_MMIO', 'CONFIG_ACPI'].filter((symbol) => kernelConfig?.has(symbol) === false);
  if (lacking.length > 0) {
    throw refused(`--machine microvm needs ${lacking.join(' and ')}, which this kernel has not`, `${hint}, or build them in`);
  }
}

/** The drivers of the cards that not every kernel for virtual machines has, with what they depend on. */
const cardDrivers = {
  e1000: ['CONFIG_ETHERNET', 'CONFIG_NET_VENDOR_INTEL', 'CONFIG_E1000'],
  rtl8139: ['CONFIG_ETHERNET', 'CONFIG_NET_VENDOR_REALTEK', 'CONFIG_8139CP'],
} as const;

/**
 * Refuses a network card that the kernel has no driver for, as far as its config is known. Pure.
 *
 * @throws EulabError (2) with the build that has it.
 */
export function checkCards(
  cards: readonly { readonly model: NicModel }[],
  kernelConfig: () => ReadonlySet<string> | undefined,
): void {
  for (const { model } of cards) {
    if (model === 'virtio') continue;
    const needed = cardDrivers[model];
    const config = kernelConfig();
    const driver = needed[2];
    if (config === undefined || config.has(driver) || (model === 'rtl8139' && config.has('CONFIG_8139TOO'))) continue;
    const build = needed.map((symbol) => `--set ${symbol}=y`).join(' ');
    throw refused(`model=${model} needs ${driver}, which this kernel has not`, `build it in: eulab build kernel ${build}`);
  }
}

/**
 * Refuses a CPU model, or a feature of it, that this QEMU does not know. Pure.
 *
 * `wanted` is `MODEL[,+FEATURE][,-FEATURE][,PROPERTY=VALUE]`; properties are left to QEMU.
 *
 * @throws EulabError (2) with the nearest name.
 */
export function checkCpu(
  wanted: string,
  accel: 'kvm' | 'tcg',
  known: { readonly models: readonly string[]; readonly features: readonly string[] },
): void {
  const [model = '', ...features] = wanted.split(',');
  if (model === 'host' && accel !== 'kvm') {
    throw refused('--cpu host is what KVM alone can give, and this guest is emulated', 'take --cpu max, or leave it out');
  }
  const models = [...known.models, 'host', 'max'];
  if (!models.includes(model)) throw unknown('model', model, models);
  for (const feature of features) {
    if (/^[a-z0-9._-]+=/i.test(feature)) continue;
    const name = /^[+-](.+)$/.exec(feature)?.[1];
    if (name === undefined) {
      throw refused(`--cpu ${wanted}: ${JSON.stringify(feature)} is no feature`, 'write +FEATURE, -FEATURE or PROPERTY=VALUE');
    }
    if (known.features.length > 0 && !known.features.includes(name)) throw unknown('feature', name, known.features);
  }
}

function unknown(what: string, name: string, names: readonly string[]): EulabError {
  const hint = didYouMean(name, names, 'see what there is: qemu-system-x86_64 -cpu help');
  return refused(`--cpu: this QEMU knows no CPU ${what} ${JSON.stringify(name)}`, hint);
}

/**
 * Refuses a command line that the kernel would cut or read otherwise than it was meant. Pure.
 *
 * What is in `appended` is the user's, and is handed on as it is: the kernel's own double quotes keep spaces in a value.
 *
 * @throws EulabError (2) that names the word or both lengths.
 * @see Documentation/admin-guide/kernel-parameters.rst
 */
export function checkCmdline(words: readonly string[], appended: readonly string[], arch: Arch): void {
  for (const word of appended) {
    if (/[\n\r]/.test(word)) {
      throw refused(`--append ${JSON.stringify(word)} has a line break: /proc/cmdline is one line`, 'separate words with spaces');
    }
    if ((word.split('"').length - 1) % 2 === 1) {
      throw refused(
        `--append ${word}: a double quote without its partner would swallow the words behind it`,
        'quote as the kernel does: \'name="two words"\'',
      );
    }
  }
  const bytes = Buffer.byteLength(words.join(' '));
  if (bytes <= arch.cmdlineBytes) return;
  throw refused(
    `the kernel's command line is ${bytes} bytes long: a kernel of ${arch.name} keeps ${arch.cmdlineBytes}`,
    'ask for less with --append (or fewer, shorter --share folders)',
  );
}

function refused(message: string, hint: string): EulabError {
  return new EulabError(message, { hint, exitCode: status.usage });
}

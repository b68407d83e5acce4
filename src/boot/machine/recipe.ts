import type { Arch } from './arch.ts';
import gains from './gains.json' with { type: 'json' };

/** What a recipe is chosen from. */
export interface RecipeFacts {
  readonly arch: Arch;
  readonly accel: 'kvm' | 'tcg';
  /** The machine that the user named; `auto` for none. */
  readonly machine: string;
  /** The CPU model and features that the user named. */
  readonly cpu: string | undefined;
  readonly cpus: number;
  /** The file to start the kernel from, and why that one; `provesRcu`: whether it tries out RCU as it starts, where that is known. */
  readonly kernel: {
    readonly path: string;
    readonly form: 'bzImage' | 'elf';
    readonly why: string;
    readonly provesRcu?: boolean;
  };
  /** The file to give the guest as its initramfs, and why that one. */
  readonly initramfs: { readonly path: string; readonly form: 'as it is' | 'unpacked'; readonly why: string };
  readonly qemuVersion: readonly [number, number];
  /** The path of qboot's firmware, where this QEMU brings it. */
  readonly qboot: string | undefined;
  /** The rate of an emulated CPU's time-stamp counter as it was measured; undefined when nobody asked. */
  readonly tscKhz: number | undefined;
  /** A shell on the console; else the console is only read when something fails. */
  readonly interactive: boolean;
}

/** One decision, for people to read. `gain` is the time of a boot with it, over that of one with `against`. */
export interface Choice {
  readonly what: string;
  readonly value: string;
  readonly reason: string;
  readonly against?: string;
  readonly gain?: number;
}

/** How a machine's virtio devices are connected. */
export type Bus = 'pci' | 'mmio';

/** The parts of a machine that are chosen for speed; `choices` says why, one by one. */
export interface Recipe {
  /** For -machine: its name and properties. */
  readonly machine: string;
  readonly bus: Bus;
  readonly cpu: string;
  readonly firmware: string | undefined;
  readonly kernel: string;
  readonly initrd: string;
  /** Words for the beginning of the kernel's command line. */
  readonly words: readonly string[];
  readonly choices: readonly Choice[];
}

/** What of a recipe one decision gives, and why. */
interface Part extends Partial<Omit<Recipe, 'choices'>> {
  /** None where there was nothing to choose. */
  readonly choice?: Choice;
}

/** The fastest recipe that is reliable for these facts, unless the user chose otherwise. Pure. */
export function recipe(facts: RecipeFacts): Recipe {
  const parts = [
    machine(facts),
    clock(facts),
    ticks(facts),
    firmware(facts),
    image(facts),
    initramfs(facts),
    cpu(facts),
    instructions(facts),
    selfTests(facts),
    messages(facts),
  ];
  const merged: Part = Object.assign({}, ...parts);
  return {
    machine: merged.machine ?? facts.arch.machines[0],
    bus: merged.bus ?? 'pci',
    cpu: merged.cpu ?? 'max',
    firmware: merged.firmware,
    kernel: facts.kernel.path,
    initrd: facts.initramfs.path,
    words: parts.flatMap(({ words }) => words ?? []),
    choices: parts.flatMap(({ choice }) => choice ?? []),
  };
}

/** The ratio that bench/recipe.mjs measured for a decision under emulation; undefined for one that it did not. */
function measured(name: keyof typeof gains.ratios, facts: RecipeFacts): { readonly gain?: number } {
  const known = facts.accel === 'tcg' && facts.arch.name === 'x86_64';
  return known ? { gain: gains.ratios[name] } : {};
}

function machine(facts: RecipeFacts): Part {
  const { arch, accel, qemuVersion } = facts;
  const asked = facts.machine !== 'auto';
  const value = asked ? facts.machine : arch.machines[0];
  const choice = (reason: string): Choice => ({ what: 'machine', value, reason: asked ? `asked for; ${reason}` : reason });
  if (arch.name === 'aarch64') {
    const gic = accel === 'kvm' ? 'host' : 'max';
    return { machine: `${value},gic-version=${gic}`, choice: choice('the machine that QEMU has for no other purpose') };
  }
  if (arch.name === 'riscv64') return { machine: value, choice: choice('the machine that QEMU has for no other purpose') };
  if (value === 'microvm') return microvm(facts, choice);
  if (!/^(pc-)?q35/.test(value)) return { machine: value, choice: choice('the PC of 1996, for kernels that want it') };
  // A keyboard controller that nobody uses is probed, and asked to reset, for tenths of a second. Off by a property since 7.0.
  const property = qemuVersion[0] >= 7 ? ',i8042=off' : '';
  const reason =
    accel === 'tcg'
      ? 'routes interrupts without the AML that pc has the kernel interpret for each device'
      : 'as under emulation; not measured: no KVM that runs was at hand';
  return {
    machine: `${value}${property}`,
    choice: { ...choice(reason), against: 'pc', ...measured('q35', facts) },
  };
}

/** On a machine with other clocks the kernel goes on to measure by itself, and to watch over the counter. */
function clock({ arch, accel, tscKhz, ...facts }: RecipeFacts): Part {
  if (tscKhz === undefined || accel !== 'tcg' || arch.name !== 'x86_64' || facts.machine === 'microvm') return {};
  const reason = 'the rate of its time-stamp counter need not be found out by interrupts that come late under emulation';
  const choice = { what: 'clock', value: `${tscKhz} kHz`, reason, against: 'found out' };
  return { words: [`tsc_early_khz=${tscKhz}`], choice: { ...choice, ...measured('tsc', { arch, accel, tscKhz, ...facts }) } };
}

/**
 * The local APIC's timer is tried against another one for a tenth of a second, and that one for some ticks: on one CPU the
 * other one does as well. A kernel that tries out RCU as it starts waits for ever more often without it (seen at six of
 * twelve starts, at two of twelve with it), so what is not known to be another kernel keeps it.
 *
 * @see Documentation/admin-guide/kernel-parameters.txt, nolapic_timer and no_timer_check
 */
function ticks(facts: RecipeFacts): Part {
  if (!single(facts) || facts.machine === 'microvm' || facts.kernel.provesRcu !== false) return {};
  const reason = "the local APIC's timer need not be tried against another one: with one CPU that one does as well";
  const choice = { what: 'ticks', value: 'HPET or PIT', reason, against: 'local APIC', ...measured('lapic', facts) };
  return { words: ['nolapic_timer', 'no_timer_check'], choice };
}

function microvm(facts: RecipeFacts, choice: (reason: string) => Choice): Part {
  // A clock that survives KVM too; ACPI, so that the machine can be switched off.
  const value = 'microvm,acpi=on,rtc=on';
  if (facts.accel === 'kvm') {
    return {
      machine: value,
      bus: 'mmio',
      choice: choice('no PCI, no legacy devices; not measured: no KVM that runs was at hand'),
    };
  }
  // There is no timer on this machine by which the kernel could find the rate out: it would wait for ever. Nor is there one
  // to watch over it, but for ticks that come late on a busy host and would win against the counter, which is right.
  return {
    machine: value,
    bus: 'mmio',
    words: [`tsc_early_khz=${facts.tscKhz}`, 'tsc=reliable'],
    choice: {
      ...choice(`no PCI, no legacy devices; has nothing to calibrate by, so the kernel is told ${facts.tscKhz} kHz, as measured`),
      against: 'q35',
      ...measured('microvm', facts),
    },
  };
}

function firmware(facts: RecipeFacts): Part {
  const { arch, machine: asked, qboot } = facts;
  const what = 'firmware';
  if (arch.name === 'riscv64') return { choice: { what, value: 'OpenSBI', reason: "QEMU's own; Linux needs it on riscv64" } };
  if (arch.name !== 'x86_64') return { choice: { what, value: 'none', reason: 'QEMU starts the kernel itself' } };
  if (asked === 'microvm') return { choice: { what, value: 'qboot', reason: "microvm's own" } };
  if (qboot === undefined)
    return { choice: { what, value: 'SeaBIOS', reason: 'this QEMU brings no qboot.rom, which is faster' } };
  return {
    firmware: qboot,
    choice: {
      what,
      value: 'qboot',
      reason: 'does what Linux needs and no more, and writes nothing to the console',
      against: 'SeaBIOS',
      ...measured('qboot', facts),
    },
  };
}

function image(facts: RecipeFacts): Part {
  const { path, form, why } = facts.kernel;
  const choice = { what: 'kernel', value: path };
  if (facts.arch.name !== 'x86_64') return { choice: { ...choice, reason: 'as it is' } };
  if (form === 'bzImage') return { choice: { ...choice, reason: why } };
  return { choice: { ...choice, reason: why, against: 'bzImage', ...measured('elf', facts) } };
}

function initramfs(facts: RecipeFacts): Part {
  const { path, form, why } = facts.initramfs;
  const choice = { what: 'initramfs', value: path, reason: why };
  return { choice: form === 'as it is' ? choice : { ...choice, against: 'gzip', ...measured('cpio', facts) } };
}

function cpu(facts: RecipeFacts): Part {
  const what = 'cpu';
  if (facts.cpu !== undefined) return { cpu: facts.cpu, choice: { what, value: facts.cpu, reason: 'asked for' } };
  if (facts.accel === 'kvm') {
    return { cpu: 'host', choice: { what, value: 'host', reason: 'all that this CPU has; not measured: known of KVM' } };
  }
  // The real pointer-authentication cipher takes most of an emulated boot (5.8 s and 24.5 s, Debian's cloud kernel); the other one is as
  // good for a lab. A cortex-a57, which has none, comes up no sooner.
  if (facts.arch.name === 'aarch64' && (facts.qemuVersion[0] > 5 || facts.qemuVersion[1] >= 2)) {
    const value = 'max,pauth-impdef=on';
    return {
      cpu: value,
      choice: {
        what,
        value,
        reason: 'all that QEMU emulates, with a cheap cipher for pointer authentication: the real one takes most of a boot',
      },
    };
  }
  if (facts.arch.name === 'riscv64' && (facts.qemuVersion[0] < 8 || (facts.qemuVersion[0] === 8 && facts.qemuVersion[1] < 2))) {
    return { cpu: 'rv64', choice: { what, value: 'rv64', reason: 'what QEMU emulates by itself; it has had max since 8.2' } };
  }
  if (facts.arch.name !== 'x86_64') return { cpu: 'max', choice: { what, value: 'max', reason: 'all that QEMU emulates' } };
  // By these the kernel takes rep stosb and rep movsb for fast, and clears and copies all memory with them.
  const value = 'max,erms=off,fsrm=off';
  const reason = 'all that QEMU emulates, but for the promise that single bytes are moved as fast as words';
  return { cpu: value, choice: { what, value, reason, against: 'max', ...measured('erms', facts) } };
}

/** One emulated PC processor: where the kernel prepares for speed that emulation does not have. */
function single({ arch, accel, cpus }: RecipeFacts): boolean {
  return arch.name === 'x86_64' && accel === 'tcg' && cpus === 1;
}

function instructions(facts: RecipeFacts): Part {
  if (!single(facts)) return {};
  const reason =
    'else thousands of lock prefixes are patched away for the one CPU, and all that was translated is translated again';
  const choice = { what: 'instructions', value: 'as built', reason, against: 'patched', ...measured('smp', facts) };
  return { words: ['noreplace-smp'], choice };
}

/** The kernel says in its log that it was told so, and a later word of the user's overrides it. */
function selfTests(facts: RecipeFacts): Part {
  if (facts.accel !== 'tcg') return {};
  const reason = "a distribution's kernel tries all its ciphers at every start; to have that: --append cryptomgr.notests=0";
  const choice = { what: 'self-tests', value: 'no ciphers', reason, against: 'all', ...measured('crypto', facts) };
  return { words: ['cryptomgr.notests'], choice };
}

function messages(facts: RecipeFacts): Part {
  // panic=-1 restarts at once, and QEMU runs with -no-reboot: a panic is the end of the machine.
  const words = [`console=${facts.arch.console}`, 'panic=-1'];
  const what = 'messages';
  const { gain } = measured('quiet', facts);
  if (facts.interactive) {
    const reason = 'a shell is what was asked for';
    return { words: [...words, 'quiet'], choice: { what, value: 'quiet', reason, against: 'all', ...(gain ? { gain } : {}) } };
  }
  const reason = 'what a failure is explained from is worth its time';
  return { words, choice: { what, value: 'all', reason, against: 'quiet', ...(gain ? { gain: 1 / gain } : {}) } };
}

import type { Line } from '../console.ts';
import { type EarlyMarks, earlyMarks, type Initcall, initcalls, kernelText } from './marks.ts';

/** A stretch of a boot, in milliseconds since QEMU's start; those of one list follow each other without gap or overlap. */
export interface Phase {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly children?: readonly Phase[];
}

/** One boot from QEMU's start to its end. */
export interface Boot {
  readonly totalMs: number;
  /** They add up to the total. */
  readonly phases: readonly Phase[];
  readonly initcalls: readonly Initcall[];
}

/** What was booted, and how. */
export interface Meta {
  readonly kernel: string;
  readonly accelerator: string;
  readonly machine: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly cmdline: string;
  readonly command: string;
  readonly eulab: string;
}

/** What `boot --profile-boot` writes: the boot of the median total, and every boot that was made. */
export interface Timeline extends Boot {
  readonly schema: 1;
  readonly meta: Meta;
  readonly boots: readonly Boot[];
}

/** What was seen of one boot. */
export interface Seen {
  readonly lines: readonly Line[];
  /** QEMU's trace, see `earlyMarks`. */
  readonly trace: string;
  /** The host's clock of the day when the lines' clock was at 0. */
  readonly startedMs: number;
  readonly totalMs: number;
  /** When the guest had the command; undefined when it never did. */
  readonly commandMs: number | undefined;
  /** When the command's status was here. */
  readonly statusMs: number | undefined;
  readonly format: 'bzImage' | 'ELF';
  readonly levels: ReadonlyMap<string, readonly string[]>;
}

/** What happens in each phase, in their order, and whose work it is. */
export const phases = {
  'QEMU starts': { by: 'host', what: 'from the program’s start until the guest’s CPUs run' },
  'QEMU and firmware': { by: 'host', what: 'all before the kernel speaks: this QEMU and this kernel do not tell it apart' },
  firmware: { by: 'firmware', what: 'finds the devices, loads kernel and initramfs, until the kernel’s own code runs' },
  'firmware and decompression': { by: 'firmware', what: 'until the kernel speaks: it does not tell what is before' },
  'setup code': { by: 'firmware', what: 'the kernel’s 16-bit code: asks the firmware for memory map, disks and screen' },
  decompression: { by: 'kernel', what: 'the kernel unpacks itself, up to the first message of its early console' },
  'early kernel': { by: 'kernel', what: 'start_kernel: memory, interrupts, clocks, scheduler, until the first initcall' },
  'initcalls to fs': { by: 'kernel', what: 'initcalls of the levels early to fs: core, buses, subsystems, file systems' },
  unpacking: { by: 'kernel', what: 'the initramfs becomes files in memory' },
  'device initcalls': { by: 'kernel', what: 'initcalls of the levels device and late: drivers' },
  initcalls: { by: 'kernel', what: 'all initcalls: this kernel does not say when it unpacks an initramfs' },
  'late kernel': { by: 'kernel', what: 'frees what only the start needed, protects its memory, starts /init' },
  init: { by: 'user', what: '/init: mounts, network, the channel to the host, up to the command' },
  command: { by: 'user', what: 'the command, from when the guest has it until its status is here' },
  end: { by: 'host', what: 'until QEMU is gone' },
} as const satisfies Record<string, { readonly by: 'host' | 'firmware' | 'kernel' | 'user'; readonly what: string }>;

type Name = keyof typeof phases;

/**
 * The phases of one boot by the host's clock, and its initcalls. Pure.
 *
 * A phase that cannot be told from the one before is not there, and that one's name says so: phases are made by cutting the
 * whole, so they add up to it whatever was seen.
 */
export function bootOf(seen: Seen): Boot {
  const first = seen.lines.find(({ text }) => kernelText(text) !== undefined)?.ms;
  const end = first ?? seen.totalMs;
  const early = earlyMarks(seen.trace, { startedMs: seen.startedMs, firstLineMs: end, format: seen.format });
  const calls = initcalls(seen.lines, seen.levels);
  const cuts = [
    ...beforeTheKernel(early, first),
    ...ofTheKernel(seen.lines),
    { name: 'command', ms: seen.commandMs } as const,
    { name: 'end', ms: seen.statusMs } as const,
  ];
  const list = cut(cuts, 0, seen.totalMs);
  return {
    totalMs: rounded(seen.totalMs),
    phases: list.map((phase) => withChildren(phase, seen.lines, calls)),
    initcalls: calls,
  };
}

/** Where a phase begins; not told where `ms` is undefined. */
interface Cut<Names extends string = string> {
  readonly name: Names;
  readonly ms: number | undefined;
}

function beforeTheKernel(early: EarlyMarks, first: number | undefined): Cut<Name>[] {
  const told = early.kernel !== undefined;
  const start: Cut<Name>[] =
    early.running === undefined
      ? [{ name: told ? 'firmware' : 'QEMU and firmware', ms: 0 }]
      : [
          { name: 'QEMU starts', ms: 0 },
          { name: told ? 'firmware' : 'firmware and decompression', ms: early.running },
        ];
  return [
    ...start,
    { name: 'setup code', ms: early.setup },
    { name: 'decompression', ms: early.decompressor },
    { name: 'early kernel', ms: early.kernel ?? first },
  ];
}

function ofTheKernel(lines: readonly Line[]): Cut<Name>[] {
  const said = (pattern: RegExp) => lines.find(({ text }) => pattern.test(kernelText(text) ?? ''))?.ms;
  const unpacking =
    said(/^calling {2}populate_rootfs\+/) ?? said(/^(Trying to unpack rootfs image as initramfs|Unpacking initramfs)/);
  const unpacked = said(/^initcall populate_rootfs\+/) ?? said(/^Freeing initrd memory/);
  const init = said(/^Run \S+ as init process/);
  const last = lines.findLast(
    ({ ms, text }) => ms <= (init ?? Infinity) && /^initcall \S+ returned/.test(kernelText(text) ?? ''),
  );
  return [
    { name: unpacking === undefined ? 'initcalls' : 'initcalls to fs', ms: said(/^calling {2}\S+ @ [1-9]/) },
    { name: 'unpacking', ms: unpacking },
    { name: 'device initcalls', ms: unpacking === undefined ? undefined : unpacked },
    { name: 'late kernel', ms: init === undefined ? undefined : last?.ms },
    { name: 'init', ms: init },
  ];
}

/** The marks that eulab-agent makes when a part of its work is done. */
function initMarks(lines: readonly Line[]): { readonly name: string; readonly ms: number }[] {
  return lines.flatMap(({ ms, text }) => {
    const name = /^eulab: mark (\S+)$/.exec(kernelText(text) ?? '')?.[1];
    return name === undefined ? [] : [{ name, ms }];
  });
}

/** The phases between the cuts that are told; a cut that lies before the one before it is moved there. Empty ones are left out. */
function cut(cuts: readonly Cut[], startMs: number, endMs: number): Phase[] {
  const told: { name: string; ms: number }[] = [];
  for (const { name, ms } of cuts) {
    if (ms === undefined) continue;
    told.push({ name, ms: Math.min(Math.max(ms, told.at(-1)?.ms ?? startMs), endMs) });
  }
  return told
    .map(({ name, ms }, index) => ({ name, startMs: rounded(ms), endMs: rounded(told[index + 1]?.ms ?? endMs) }))
    .filter((phase) => phase.endMs > phase.startMs);
}

/** The parts of init by its marks, of the initcalls by level where that is known, and of the early kernel by what it says. */
function withChildren(phase: Phase, lines: readonly Line[], calls: readonly Initcall[]): Phase {
  const cuts = partsOf(phase, lines, calls).filter(({ ms }) => ms !== undefined);
  if (cuts.length < 2) return phase;
  const [first, ...others] = cuts;
  const children = cut([{ name: first?.name ?? '', ms: phase.startMs }, ...others], phase.startMs, phase.endMs);
  return { ...phase, children };
}

function partsOf(phase: Phase, lines: readonly Line[], calls: readonly Initcall[]): Cut[] {
  if (phase.name === 'init') return initParts(phase, lines);
  if (phase.name === 'early kernel') return earlyParts(phase, lines);
  return phase.name.includes('initcalls') ? levelParts(phase, calls) : [];
}

function earlyParts(phase: Phase, lines: readonly Line[]): Cut[] {
  const said = (pattern: RegExp) => lines.find(({ text }) => pattern.test(kernelText(text) ?? ''))?.ms;
  return [
    { name: 'memory and interrupts', ms: phase.startMs },
    { name: 'clocks', ms: said(/^printk: (legacy )?console \[\S+\] enabled/) },
    { name: 'CPU', ms: said(/^Calibrating delay loop/) },
  ];
}

/** A mark says that a part is done: the next one begins there. After the last one init waits for the host's command. */
function initParts(phase: Phase, lines: readonly Line[]): Cut[] {
  const marks = [...initMarks(lines), { name: 'channel', ms: phase.endMs }];
  return marks.map(({ name }, index) => ({ name, ms: marks[index - 1]?.ms ?? phase.startMs }));
}

function levelParts(phase: Phase, calls: readonly Initcall[]): Cut[] {
  const within = calls.filter(({ startMs }) => startMs >= phase.startMs && startMs < phase.endMs);
  const names = [...new Set(within.flatMap(({ level }) => level ?? []))];
  return names.map((name) => ({ name, ms: within.find(({ level }) => level === name)?.startMs }));
}

/** The timeline of boots of one machine: theirs of the median total stands for all. At least one boot. */
export function timelineOf(meta: Meta, boots: readonly [Boot, ...Boot[]]): Timeline {
  const sorted = boots.toSorted((a, b) => a.totalMs - b.totalMs);
  const { totalMs, phases, initcalls } = sorted[Math.floor((sorted.length - 1) / 2)] ?? boots[0];
  return { schema: 1, meta, totalMs, phases, initcalls, boots };
}

/** Tenths of a millisecond: what a console that is read in chunks can tell. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

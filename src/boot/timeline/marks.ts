import type { Line } from '../console.ts';

/** One initcall of the kernel, as `initcall_debug` shows it. */
export interface Initcall {
  readonly name: string;
  /** When the console said that it begins, in milliseconds by the host's clock. */
  readonly startMs: number;
  /** How long it took, in microseconds by the guest's clock: what is written to the console before and after is not in it. */
  readonly usecs: number;
  /** What it returned; a driver without its device returns -19. */
  readonly status: number;
  /** The level that it belongs to, when the kernel's System.map was there to tell. */
  readonly level?: string;
}

/** Moments of a start before the kernel can speak, in milliseconds since QEMU's start; undefined where they cannot be told. */
export interface EarlyMarks {
  /** QEMU is set up and the guest's CPUs run. */
  readonly running: number | undefined;
  /** The kernel's 16-bit setup code sets the UART up; none for a kernel that is started as an ELF file. */
  readonly setup: number | undefined;
  /** The decompressor does; none as before. */
  readonly decompressor: number | undefined;
  /** The kernel proper does. */
  readonly kernel: number | undefined;
}

/** The trace events of QEMU that `earlyMarks` reads: some forty lines of a whole boot. */
export const tracedEvents = ['vm_state_notify', 'fw_cfg_select', 'serial_update_parameters'] as const;

/** A UART is set up by five writes that change how it sends: line control twice, both bytes of the divisor, line control. */
const writesOfSetup = 5;

/**
 * The moments that QEMU's trace gives away, of a start with `earlyprintk=ttyS0,115200`.
 *
 * The setup code, the decompressor and the kernel each set the UART up before anything else, whether they then print or not.
 * Where the number of times is not what this format of kernel makes of it, none of the three is told: a guess would be
 * worse. Pure. `trace` is that of `-msg timestamp=on`, by the host's clock of the day; `startedMs` is that clock at 0 ms.
 *
 * @see arch/x86/boot/early_serial_console.c, arch/x86/kernel/early_printk.c; QEMU's docs/devel/tracing.rst
 */
export function earlyMarks(
  trace: string,
  start: { readonly startedMs: number; readonly firstLineMs: number; readonly format: 'bzImage' | 'ELF' },
): EarlyMarks {
  const events = [...trace.matchAll(/^\d+@(\d+\.\d+):(\w+)(.*)$/gm)].map(([, seconds, name, rest]) => ({
    ms: Number(seconds) * 1000 - start.startedMs,
    name: name ?? '',
    rest: rest ?? '',
  }));
  const running = events.find(({ name, rest }) => name === 'vm_state_notify' && rest.startsWith(' running 1'))?.ms;
  // Firmware may set the UART up too, but then it goes on to load the kernel.
  const loaded = events.findLast(({ name, ms }) => name === 'fw_cfg_select' && ms < start.firstLineMs)?.ms ?? 0;
  const setups = events
    .filter(({ name, ms }) => name === 'serial_update_parameters' && ms > loaded)
    .filter((_, index) => index % writesOfSetup === 0)
    .map(({ ms }) => ms);
  const wanted = start.format === 'ELF' ? 1 : 3;
  const kernel = setups[wanted - 1];
  const all = kernel !== undefined && kernel <= start.firstLineMs + 1 && !((setups[wanted] ?? Infinity) < start.firstLineMs);
  if (!all) return { running, setup: undefined, decompressor: undefined, kernel: undefined };
  return start.format === 'ELF'
    ? { running, setup: undefined, decompressor: undefined, kernel }
    : { running, setup: setups[0], decompressor: setups[1], kernel };
}

/** A line of the kernel without its time stamp (and the caller that some kernels print); undefined for another's. */
export function kernelText(text: string): string | undefined {
  return /^\[\s*\d+\.\d+\](?:\[\s*[TC]\d+\])? (.*)$/.exec(text)?.[1];
}

/** The initcalls in the order in which they end. Those of process 0 are the consoles', from before there are processes. */
export function initcalls(lines: readonly Line[], levels: ReadonlyMap<string, readonly string[]> = new Map()): Initcall[] {
  const begun = new Map<string, number>();
  const seen = new Map<string, number>();
  return lines.flatMap(({ ms, text }) => {
    const said = kernelText(text) ?? '';
    const call = /^calling {1,2}(\S+) @ \d+/.exec(said) ?? /^calling {1,2}(\S+) \[\S+\] @ \d+/.exec(said);
    if (call?.[1] !== undefined) begun.set(call[1], ms);
    const end = /^initcall (\S+)(?: \[\S+\])? returned (-?\d+) after (\d+) usecs/.exec(said);
    if (end === null) return [];
    const [, symbol = '', status, usecs] = end;
    const name = symbol.replace(/\+0x.*$/, '');
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    const level = levels.get(name)?.[times];
    const startMs = begun.get(symbol) ?? ms;
    return [{ name, startMs, usecs: Number(usecs), status: Number(status), ...(level === undefined ? {} : { level }) }];
  });
}

const levelNames: Readonly<Record<string, string>> = {
  con: 'console',
  early: 'early',
  rootfs: 'rootfs',
  0: 'pure',
  1: 'core',
  2: 'postcore',
  3: 'arch',
  4: 'subsys',
  5: 'fs',
  6: 'device',
  7: 'late',
};

/**
 * The level of each initcall by its function's name, from a System.map: the kernel does not say it on its console. Where
 * functions share a name their levels are in the order of their calls. Pure; empty for a map without these symbols.
 *
 * @see include/linux/init.h, ___define_initcall
 */
export function initcallLevels(systemMap: string): Map<string, string[]> {
  const levels = new Map<string, string[]>();
  for (const [, name = '', id = ''] of systemMap.matchAll(/__initcall__kmod_.+__\d+_\d+_(.+?)(early|con|rootfs|\ds?)$/gm)) {
    const level = levelNames[id] ?? `${levelNames[id.slice(0, 1)] ?? id} (sync)`;
    levels.set(name, [...(levels.get(name) ?? []), level]);
  }
  return levels;
}

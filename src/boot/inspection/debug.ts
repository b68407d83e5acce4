import type { Command } from '../../command.ts';
import { optionValue } from '../machine/option-value.ts';

/** Where gdb's stub listens: a port of 127.0.0.1, or a Unix socket in the machine's private folder. */
export type GdbPlace = { readonly kind: 'tcp'; readonly port: number } | { readonly kind: 'unix' };

/** What is different in a machine that is looked into. */
export interface Debug {
  /** The machine waits at its first instruction for a gdb that comes here. */
  readonly gdb: GdbPlace | undefined;
  /** A guest that panics stands still instead of starting again, and its memory can be read. */
  readonly keepPanicked: boolean;
}

/**
 * QEMU's options for them; `folder` is the machine's private one. Pure.
 *
 * pvpanic tells QEMU of a panic before the kernel starts again, which panic_timeout would have it do at once; vmcoreinfo is
 * where the kernel says what crash(8) wants to know (CONFIG_FW_CFG_SYSFS).
 *
 * @see qemu(1), -gdb and -action; docs/specs/pvpanic.rst and vmcoreinfo.rst of QEMU
 */
export function debugArgs({ gdb, keepPanicked }: Debug, folder: string): string[] {
  return [
    ...(gdb === undefined ? [] : ['-S', '-gdb', stub(gdb, folder)]),
    ...(keepPanicked ? ['-device', 'pvpanic-pci', '-device', 'vmcoreinfo', '-action', 'panic=pause'] : []),
  ];
}

/**
 * Words for the kernel's command line: no addresses other than vmlinux has, under gdb; no restart after a panic, for a kernel
 * that has no driver for pvpanic. Pure; the kernel takes the last of two words, so they come after those of every boot.
 *
 * @see Documentation/admin-guide/kernel-parameters.txt
 */
export function debugWords({ gdb, keepPanicked }: Debug): string[] {
  return [...(gdb === undefined ? [] : ['nokaslr']), ...(keepPanicked ? ['panic=0'] : [])];
}

/** The stub's place as QEMU is told it, by -gdb or by its monitor's gdbserver. */
export function stub(place: GdbPlace, folder: string): string {
  if (place.kind === 'tcp') return `tcp:127.0.0.1:${place.port}`;
  return `unix:${optionValue(socketOf(folder))},server=on,wait=off`;
}

const socketOf = (folder: string) => `${folder}/gdb`;

/** A stub that listens, and the machine's private folder. */
export interface Stub {
  readonly place: GdbPlace;
  readonly folder: string;
}

/** What gdb reads beside the machine; every path is absolute. */
export interface Symbols {
  /** Undefined when there is none that fits the kernel. */
  readonly vmlinux: string | undefined;
  /** The folder of vmlinux-gdb.py, which gdb loads by itself when it may; undefined when there is none. */
  readonly scripts: string | undefined;
}

/**
 * The call of gdb that looks at a machine: before its first instruction, to run as far as start_kernel, or after a panic.
 *
 * Pure. Breakpoints are hard ones until the kernel has its own page tables: what is written into memory before may be
 * written over. The scripts lie among the artifacts, where Python's own files would be nobody's.
 */
export function gdbCommand({ place, folder }: Stub, { vmlinux, scripts }: Symbols, when: 'start' | 'panic'): Command {
  const target = place.kind === 'tcp' ? `127.0.0.1:${place.port}` : socketOf(folder);
  const then = vmlinux === undefined ? [] : when === 'start' ? ['hbreak start_kernel', 'continue'] : ['backtrace'];
  const load = scripts === undefined ? [] : ['-iex', `add-auto-load-safe-path ${scripts}`];
  const words = [`target remote ${target}`, ...then].flatMap((word) => ['-ex', word]);
  const env = scripts === undefined ? {} : { env: { PYTHONDONTWRITEBYTECODE: '1' } };
  return { file: 'gdb', args: [...load, ...(vmlinux === undefined ? [] : [vmlinux]), ...words], ...env };
}

import type { Command } from '../command.ts';
import { type Debug, debugArgs } from './debug.ts';
import { type Drive, drives } from './drives.ts';

/** The files, sizes and connections of one virtual machine. */
export interface Machine {
  /** The program, as a path or a name on PATH. */
  readonly qemu: string;
  readonly accel: 'kvm' | 'tcg';
  /** A firmware that starts sooner than QEMU's default and writes nothing to the console; undefined for the default. */
  readonly firmware: string | undefined;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly kernel: string;
  /** The file that the user named: `kernel` may be what was unpacked of it; symbols lie beside this one. */
  readonly image: string;
  readonly initrd: string;
  /** Words of the kernel's command line, in order. */
  readonly cmdline: readonly string[];
  readonly net: 'user' | 'none';
  /** Events that QEMU tells of, each with the host's time, in a file; undefined for none. */
  readonly trace?: { readonly events: readonly string[]; readonly file: string };
  /** In the order in which the guest sees them, from /dev/vda on. */
  readonly drives: readonly Drive[];
  readonly console: Console;
  /** The file that is the guest's memory; what the guest writes goes into it when it is shared. Undefined for QEMU's own. */
  readonly ram?: { readonly file: string; readonly shared: boolean };
  /** Waits for a saved state instead of booting. */
  readonly incoming?: boolean;
  /** The machine's private folder: QEMU makes its sockets in it. */
  readonly folder: string;
  /** What is different where the machine is looked into. */
  readonly debug?: Debug | undefined;
}

/** A machine without its folder, which each start of it gets anew. */
export type Bare = Omit<Machine, 'folder'>;

/**
 * What the console is for; either way it is QEMU's stdin and stdout. On a `terminal` ctrl-A is the escape to QEMU's own keys
 * and monitor; a `log` is only written.
 */
export type Console = 'terminal' | 'log';

/**
 * QEMU's sockets, by the names of their files: the agent's virtio port, the serial line that serves where the guest has no
 * driver for that, and QEMU's own monitor.
 */
export const ports = ['agent', 'serial', 'qmp'] as const;

export type Port = (typeof ports)[number];

/** The word of the kernel's command line that tells the agent of the serial line: the second one. */
export const serialWord = 'eulab.port=ttyS1';

const mebibyte = 1024 * 1024;

/**
 * The QEMU call for one machine. Pure: opens nothing, probes nothing.
 *
 * `machine.memoryBytes` is rounded down to whole MiB. `panic=-1` with `-no-reboot` turns a guest panic into the end of
 * QEMU. Commas in paths are doubled where QEMU's option parser would split them. The q35 machine routes interrupts
 * without the AML links of pc, which cost 0.1 s a device under emulation.
 *
 * @see qemu(1)
 */
export function qemu(machine: Machine): Command {
  const args = [
    ['-machine', `q35${machine.ram === undefined ? '' : ',memory-backend=ram'}`],
    ['-accel', machine.accel],
    // The host's own CPU model where there is one to give; TCG's `max` has all that it can emulate.
    ['-cpu', machine.accel === 'kvm' ? 'host' : 'max'],
    ['-smp', String(machine.cpus)],
    ['-m', String(Math.floor(machine.memoryBytes / mebibyte))],
    ram(machine),
    machine.incoming === true ? ['-incoming', 'defer'] : [],
    ['-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none'],
    machine.firmware === undefined ? [] : ['-bios', machine.firmware],
    ['-kernel', machine.kernel],
    ['-initrd', machine.initrd],
    ['-append', machine.cmdline.join(' ')],
    serial(machine.console),
    network(machine.net),
    drives(machine.drives),
    ['-device', 'virtio-rng-pci'],
    channel(machine.folder),
    machine.trace === undefined ? [] : trace(machine.trace),
    machine.debug === undefined ? [] : debugArgs(machine.debug, machine.folder),
  ];
  return { file: machine.qemu, args: args.flat() };
}

function ram({ ram, memoryBytes }: Machine): string[] {
  if (ram === undefined) return [];
  const size = `${Math.floor(memoryBytes / mebibyte)}M`;
  const share = ram.shared ? 'on' : 'off';
  return ['-object', `memory-backend-file,id=ram,size=${size},mem-path=${escaped(ram.file)},share=${share}`];
}

function serial(console: Console): string[] {
  const terminal = console === 'terminal';
  const monitor = terminal ? ['-mon', 'chardev=console,mode=readline'] : [];
  return ['-chardev', `stdio,id=console,${terminal ? 'mux=on,' : ''}signal=off`, '-serial', 'chardev:console', ...monitor];
}

function network(net: Machine['net']): string[] {
  if (net === 'none') return [];
  // No option ROM: nobody boots from this card, and loading it takes longer than the rest of the firmware.
  return ['-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile='];
}

/** The agent's port, the serial line beside it, and the monitor: sockets that QEMU makes, and on which nobody has to wait. */
function channel(folder: string): string[] {
  const chardevs = ports.flatMap((name) => [
    '-chardev',
    `socket,id=eulab.${name},path=${escaped(`${folder}/${name}`)},server=on,wait=off`,
  ]);
  return [
    ...chardevs,
    ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=eulab.agent,name=eulab.agent'],
    ...['-serial', 'chardev:eulab.serial'],
    ...['-mon', 'chardev=eulab.qmp,mode=control'],
  ];
}

/** Patterns, because QEMU warns of an event by name that it was built without. */
function trace({ events, file }: NonNullable<Machine['trace']>): string[] {
  return ['-msg', 'timestamp=on', '-D', file, ...events.flatMap((event) => ['-trace', `enable=${event}*`])];
}

/** A value inside a comma-separated option. @see qemu(1), "-blockdev": commas are doubled */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}

import type { Command } from '../../command.ts';
import type { Topology } from '../../machine-values.ts';
import { type Debug, debugArgs } from '../inspection/debug.ts';
import { type Drive, drives } from './drives.ts';
import { type Nic, nicArgs, orderWords } from './nic.ts';
import { type Node, numaArgs } from './numa.ts';
import { optionValue } from './option-value.ts';
import type { Bus } from './recipe.ts';
import { type Share, shareArgs } from './share.ts';

/** The files, sizes and connections of one virtual machine. */
export interface Machine {
  /** The program, as a path or a name on PATH. */
  readonly qemu: string;
  readonly accel: 'kvm' | 'tcg';
  /** Its name with its properties, as -machine takes them. */
  readonly machine: string;
  readonly bus: Bus;
  /** The model with its features, as -cpu takes them. */
  readonly cpu: string;
  /** A firmware that starts sooner than QEMU's default and writes nothing to the console; undefined for the default. */
  readonly firmware: string | undefined;
  readonly memoryBytes: number;
  readonly cpus: Topology;
  /** Empty for a machine without NUMA. */
  readonly nodes: readonly Node[];
  readonly kernel: string;
  /** The file that the user named: `kernel` may be what was unpacked of it; symbols lie beside this one. */
  readonly image: string;
  readonly initrd: string;
  /** Words of the kernel's command line, in order. */
  readonly cmdline: readonly string[];
  /** In the order in which the guest has them, from eth0 on. */
  readonly net: readonly Nic[];
  /** Events that QEMU tells of, each with the host's time, in a file; undefined for none. */
  readonly trace?: { readonly events: readonly string[]; readonly file: string };
  /** In the order in which the guest sees them, from /dev/vda on. */
  readonly drives: readonly Drive[];
  readonly shares: readonly Share[];
  /** A source of random numbers: the host's. */
  readonly rng: boolean;
  /** The guest's address for vsock(7); undefined for no such device. */
  readonly vsockCid: number | undefined;
  /** What the clock is set to: utc, localtime, or a date; undefined for QEMU's default, utc. */
  readonly rtc: string | undefined;
  /** The user's own arguments for QEMU, as they are, at the end. */
  readonly extra: readonly string[];
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
 * QEMU. Commas in paths are doubled where QEMU's option parser would split them.
 *
 * @see qemu(1)
 */
export function qemu(machine: Machine): Command {
  const device = (name: string) => `${name}${machine.bus === 'pci' ? '-pci' : '-device'}`;
  const args = [
    ['-machine', `${machine.machine}${machine.ram === undefined ? '' : ',memory-backend=ram'}`],
    ['-accel', machine.accel],
    ['-cpu', machine.cpu],
    ['-smp', smp(machine.cpus)],
    ['-m', String(Math.floor(machine.memoryBytes / mebibyte))],
    ram(machine),
    machine.incoming === true ? ['-incoming', 'defer'] : [],
    numaArgs(machine.nodes),
    ['-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none'],
    machine.firmware === undefined ? [] : ['-bios', machine.firmware],
    ['-kernel', machine.kernel],
    ['-initrd', machine.initrd],
    ['-append', [...orderWords(machine), ...machine.cmdline].join(' ')],
    machine.rtc === undefined ? [] : ['-rtc', `base=${machine.rtc}`],
    // The registers of virtio 1, which every driver since Linux 4.0 knows, instead of those before it.
    machine.bus === 'mmio' ? ['-global', 'virtio-mmio.force-legacy=false'] : [],
    serial(machine.console),
    nicArgs(machine),
    drives(machine.drives, machine.bus === 'pci' ? 'virtio-blk-pci' : 'virtio-blk-device'),
    machine.rng ? ['-device', device('virtio-rng')] : [],
    machine.vsockCid === undefined ? [] : ['-device', `${device('vhost-vsock')},guest-cid=${machine.vsockCid}`],
    shareArgs(machine.shares, device),
    channel(machine.folder, device),
    machine.trace === undefined ? [] : trace(machine.trace),
    machine.debug === undefined ? [] : debugArgs(machine.debug, machine.folder),
    machine.extra,
  ];
  return { file: machine.qemu, args: args.flat() };
}

function ram({ ram, memoryBytes }: Machine): string[] {
  if (ram === undefined) return [];
  const size = `${Math.floor(memoryBytes / mebibyte)}M`;
  const share = ram.shared ? 'on' : 'off';
  return ['-object', `memory-backend-file,id=ram,size=${size},mem-path=${optionValue(ram.file)},share=${share}`];
}

function smp({ count, ...layers }: Topology): string {
  return [String(count), ...Object.entries(layers).map(([layer, number]) => `${layer}=${number}`)].join(',');
}

function serial(console: Console): string[] {
  const terminal = console === 'terminal';
  const monitor = terminal ? ['-mon', 'chardev=console,mode=readline'] : [];
  return ['-chardev', `stdio,id=console,${terminal ? 'mux=on,' : ''}signal=off`, '-serial', 'chardev:console', ...monitor];
}

/** The agent's port, the serial line beside it, and the monitor: sockets that QEMU makes, and on which nobody has to wait. */
function channel(folder: string, device: (name: string) => string): string[] {
  const chardevs = ports.flatMap((name) => [
    '-chardev',
    `socket,id=eulab.${name},path=${optionValue(`${folder}/${name}`)},server=on,wait=off`,
  ]);
  return [
    ...chardevs,
    ...['-device', device('virtio-serial'), '-device', 'virtserialport,chardev=eulab.agent,name=eulab.agent'],
    ...['-serial', 'chardev:eulab.serial'],
    ...['-mon', 'chardev=eulab.qmp,mode=control'],
  ];
}

/** Patterns, because QEMU warns of an event by name that it was built without. */
function trace({ events, file }: NonNullable<Machine['trace']>): string[] {
  return ['-msg', 'timestamp=on', '-D', file, ...events.flatMap((event) => ['-trace', `enable=${event}*`])];
}

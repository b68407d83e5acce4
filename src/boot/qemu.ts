import type { Command } from '../command.ts';

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
  readonly initrd: string;
  /** Words of the kernel's command line, in order. */
  readonly cmdline: readonly string[];
  readonly net: 'user' | 'none';
  readonly console: Console;
}

/** Where the guest's serial console goes. */
export type Console =
  /** To the user's terminal, with ctrl-A as the escape; what is shown is also written to `log`. */
  | { readonly kind: 'terminal'; readonly log: string }
  /** To QEMU's stdout for eulab to read; the command's streams go through the descriptors of `ports`. */
  | { readonly kind: 'command'; readonly ports: readonly Port[] };

/** A virtio-serial port of the guest, named `name`, whose other end is the connected socket `descriptor`. */
export interface Port {
  readonly name: string;
  readonly descriptor: number;
}

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
    ['-machine', 'q35'],
    ['-accel', machine.accel],
    // The host's own CPU model where there is one to give; TCG's `max` has all that it can emulate.
    ['-cpu', machine.accel === 'kvm' ? 'host' : 'max'],
    ['-smp', String(machine.cpus)],
    ['-m', String(Math.floor(machine.memoryBytes / mebibyte))],
    ['-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none'],
    machine.firmware === undefined ? [] : ['-bios', machine.firmware],
    ['-kernel', machine.kernel],
    ['-initrd', machine.initrd],
    ['-append', machine.cmdline.join(' ')],
    serial(machine.console),
    network(machine.net),
    ['-device', 'virtio-rng-pci'],
    machine.console.kind === 'command' ? ports(machine.console.ports) : [],
  ];
  return { file: machine.qemu, args: args.flat() };
}

function serial(console: Console): string[] {
  const chardev =
    console.kind === 'terminal'
      ? `stdio,id=console,mux=on,signal=off,logfile=${escaped(console.log)}`
      : 'stdio,id=console,signal=off';
  const monitor = console.kind === 'terminal' ? ['-mon', 'chardev=console,mode=readline'] : [];
  return ['-chardev', chardev, '-serial', 'chardev:console', ...monitor];
}

function network(net: Machine['net']): string[] {
  if (net === 'none') return [];
  // No option ROM: nobody boots from this card, and loading it takes longer than the rest of the firmware.
  return ['-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile='];
}

function ports(list: readonly Port[]): string[] {
  const each = list.flatMap(({ name, descriptor }) => [
    ...['-chardev', `socket,id=${name},fd=${descriptor}`],
    ...['-device', `virtserialport,chardev=${name},name=${name}`],
  ]);
  return ['-device', 'virtio-serial-pci', ...each];
}

/** A value inside a comma-separated option. @see qemu(1), "-blockdev": commas are doubled */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}

import { Option } from 'commander';
import { archWords } from './architectures.ts';
import { grouped } from './grouped.ts';
import * as values from './machine-values.ts';
import { collect, memory, parsed, topology } from './option-parsers.ts';

/** The settings of the machine that boots: its kernel, its parts, how QEMU runs it: a part of the table of settings in config.ts. */
export const machineSettings = {
  ...grouped('Kernel:', {
    kernel: () =>
      new Option('--kernel <kernel>', 'kernel to boot: a name (eulab kernels) or a file (default: the one in use)').env(
        'EULAB_KERNEL',
      ),
    kernelForm: () =>
      new Option('--kernel-form <form>', 'start the bzImage, or the ELF file in it; auto takes what comes up sooner')
        .choices(['auto', 'bzimage', 'elf'] as const)
        .default('auto' as const)
        .env('EULAB_KERNEL_FORM'),
    check: () =>
      new Option('--no-check', 'boot kernel and initramfs whatever they look like').env('EULAB_NO_CHECK').conflicts('kernelForm'),
    append: () =>
      new Option('--append <words>', "words for the end of the kernel's command line (repeatable)").argParser(collect),
  }),
  ...grouped('Initramfs:', {
    initrd: () => new Option('--initrd <file>', 'initramfs to boot (default: artifacts/initramfs.cpio.gz)').env('EULAB_INITRD'),
  }),
  ...grouped('Machine:', {
    memory: () =>
      new Option('-m, --memory <size>', 'memory of the guest, with K, M, G; a bare number is MiB')
        .default(512 * 1024 * 1024, '512M')
        .env('EULAB_MEMORY')
        .argParser(memory),
    cpus: () =>
      new Option('-c, --cpus <n>', 'CPUs of the guest: a number, or sockets=N,cores=N,threads=N')
        .default({ count: 1 } as values.Topology, '1')
        .env('EULAB_CPUS')
        .argParser(topology),
    cpu: () =>
      new Option('--cpu <model>', 'CPU model, with +FEATURE and -FEATURE behind commas (default: the best there is)').env(
        'EULAB_CPU',
      ),
    numa: () =>
      new Option(
        '--numa <spec>',
        'N nodes with as much of all each, or cpus=A-B,memory=SIZE for each node (repeatable)',
      ).argParser(collect),
    arch: () =>
      new Option('--arch <arch>', 'architecture of the guest; auto takes that of the kernel')
        .choices(['auto', ...archWords] as const)
        .default('auto' as const)
        .env('EULAB_ARCH'),
    machine: () =>
      new Option('--machine <machine>', 'q35, pc, microvm, virt, or auto: the fastest that is reliable')
        .default('auto')
        .env('EULAB_MACHINE'),
    accel: () =>
      new Option('--accel <accel>', 'auto takes KVM when a guest was seen to run under it')
        .choices(['auto', 'kvm', 'tcg'] as const)
        .default('auto' as const)
        .env('EULAB_ACCEL'),
    rng: () => new Option('--no-rng', "without the host's random numbers: without a virtio-rng device"),
    vsock: () =>
      new Option('--vsock <cid>', "the guest's address for vsock, from 3 on, or auto")
        .env('EULAB_VSOCK')
        .argParser(parsed(values.cidSchema)),
    rtc: () =>
      new Option('--rtc <base>', "what the guest's clock starts at: utc, localtime, or a date such as 2038-01-19T03:14:00")
        .env('EULAB_RTC')
        .argParser(parsed(values.clockSchema)),
    qemu: () => new Option('--qemu <program>', 'QEMU to run (default: qemu-system-ARCH)').env('EULAB_QEMU'),
    qemuArg: () =>
      new Option('--qemu-arg <arg>', 'one more argument for QEMU, as it is, at the end (repeatable)').argParser(collect),
  }),
  ...grouped('Disks and folders:', {
    share: () =>
      new Option('--share <folder>', 'HOSTDIR[:GUESTDIR][:ro], a folder of the host in the guest (repeatable)').argParser(
        collect,
      ),
    cwd: () => new Option('--cwd', 'share the current folder, at the same path, and start in it').env('EULAB_CWD'),
  }),
  ...grouped('Debugging:', {
    explain: () => new Option('--explain', 'print what was chosen for this boot, why, and what it gains; boot nothing'),
  }),
} as const;

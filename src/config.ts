import { Option } from 'commander';
import * as v from 'valibot';
import { additionSettings } from './addition-settings.ts';
import * as values from './machine-values.ts';
import * as nets from './net-values.ts';
import { absolute, collect, collected, gdbWish, parsed, positive, variable } from './option-parsers.ts';
import { vlanSettings } from './vlan-settings.ts';

/**
 * The table of settings: each one's flag, environment variable, default, parser and help are said here and nowhere else.
 * Each entry makes a fresh option, because commander keeps state in it.
 */
export const settings = {
  ...additionSettings,
  ...vlanSettings,
  engine: () =>
    new Option('--engine <engine>', 'what builds: a container engine, or this machine')
      .choices(['auto', 'podman', 'host'] as const)
      .default('auto' as const)
      .env('EULAB_ENGINE'),
  baseImage: () =>
    new Option(
      '--base-image <image>',
      "container image to build in (default: eulab's own, else Debian's, else one made here)",
    ).env('EULAB_BASE_IMAGE'),
  jobs: () =>
    new Option('-j, --jobs <n>', 'parallel jobs of a build (default: one a CPU)').env('EULAB_JOBS').argParser(positive()),
  force: () => new Option('--force', 'build even when nothing has changed').env('EULAB_FORCE'),
  verbose: () => new Option('-v, --verbose', 'show what the programs print').env('EULAB_VERBOSE'),
  json: () => new Option('--json', 'for programs: one JSON document on stdout'),
  dryRun: () => new Option('-n, --dry-run', 'print what would be done and do nothing'),
  plan: () => new Option('--plan', 'the same as --dry-run').implies({ dryRun: true }),

  source: () =>
    new Option('--source <source>', 'a version (6.6.22), latest-lts, a folder, a tarball, git+URL#REF, debian, or auto')
      .default('auto')
      .env('EULAB_SOURCE'),
  mirror: () =>
    new Option('--mirror <url>', "where kernel releases lie, in the layout of kernel.org's pub/linux/kernel")
      .env('EULAB_MIRROR')
      .argParser(parsed(v.pipe(v.string(), v.url('is no URL')))),
  releases: () =>
    new Option('--releases <url>', 'the list of current kernel releases, as kernel.org has it')
      .env('EULAB_RELEASES')
      .argParser(parsed(v.pipe(v.string(), v.url('is no URL')))),
  profile: () => new Option('--profile <profile>', 'lab, defconfig, debug, net or tiny').default('lab').env('EULAB_PROFILE'),
  fragment: () => new Option('--fragment <file>', 'a config fragment to merge (repeatable)').argParser(collect),
  set: () => new Option('--set <symbol=value>', 'one config symbol, CONFIG_X=y (repeatable)').argParser(collect),
  lenient: () => new Option('--lenient', 'build also when a symbol of --set or --fragment did not stick'),

  busyboxSource: () =>
    new Option('--source <source>', 'a version (1.36.1), a tarball, a folder, debian, or auto')
      .default('auto')
      .env('EULAB_BUSYBOX_SOURCE'),
  busyboxMirror: () =>
    new Option('--mirror <url>', 'where busybox releases lie, with a .sha256 beside each')
      .env('EULAB_BUSYBOX_MIRROR')
      .argParser(parsed(v.pipe(v.string(), v.url('is no URL')))),
  busybox: () => new Option('--busybox <file>', 'a ready static busybox instead of building one').env('EULAB_BUSYBOX'),

  kernel: () => new Option('--kernel <file>', 'kernel to boot (default: artifacts/bzImage)').env('EULAB_KERNEL'),
  kernelForm: () =>
    new Option('--kernel-form <form>', 'start the bzImage, or the ELF file in it; auto takes what comes up sooner')
      .choices(['auto', 'bzimage', 'elf'] as const)
      .default('auto' as const)
      .env('EULAB_KERNEL_FORM'),
  check: () =>
    new Option('--no-check', 'boot kernel and initramfs whatever they look like').env('EULAB_NO_CHECK').conflicts('kernelForm'),
  initrd: () => new Option('--initrd <file>', 'initramfs to boot (default: artifacts/initramfs.cpio.gz)').env('EULAB_INITRD'),
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
    new Option('--numa <spec>', 'N nodes with as much of all each, or cpus=A-B,memory=SIZE for each node (repeatable)').argParser(
      collect,
    ),
  append: () => new Option('--append <words>', "words for the end of the kernel's command line (repeatable)").argParser(collect),
  arch: () =>
    new Option('--arch <arch>', 'architecture of the guest; auto takes that of the kernel')
      .choices(['auto', 'x86_64', 'aarch64', 'riscv64'] as const)
      .default('auto' as const)
      .env('EULAB_ARCH'),
  machine: () =>
    new Option('--machine <machine>', 'q35, pc, microvm, virt, or auto: the fastest that is reliable')
      .default('auto')
      .env('EULAB_MACHINE'),
  explain: () => new Option('--explain', 'print what was chosen for this boot, why, and what it gains; boot nothing'),
  share: () =>
    new Option('--share <folder>', 'HOSTDIR[:GUESTDIR][:ro], a folder of the host in the guest (repeatable)').argParser(collect),
  cwd: () => new Option('--cwd', 'share the current folder, at the same path, and start in it').env('EULAB_CWD'),
  vsock: () =>
    new Option('--vsock <cid>', "the guest's address for vsock, from 3 on, or auto")
      .env('EULAB_VSOCK')
      .argParser(parsed(values.cidSchema)),
  rng: () => new Option('--no-rng', "without the host's random numbers: without a virtio-rng device"),
  rtc: () =>
    new Option('--rtc <base>', "what the guest's clock starts at: utc, localtime, or a date such as 2038-01-19T03:14:00")
      .env('EULAB_RTC')
      .argParser(parsed(values.clockSchema)),
  qemuArg: () =>
    new Option('--qemu-arg <arg>', 'one more argument for QEMU, as it is, at the end (repeatable)').argParser(collect),
  accel: () =>
    new Option('--accel <accel>', 'auto takes KVM when a guest was seen to run under it')
      .choices(['auto', 'kvm', 'tcg'] as const)
      .default('auto' as const)
      .env('EULAB_ACCEL'),
  net: () =>
    new Option(
      '--net <net>',
      'user: out through the host; lab:NAME: a switch of your machines; bridge[:NAME], tap[:NAME]: of net up; none; with model=, mac=, ' +
        'pcap=, ip=, ... behind commas (repeatable)',
    )
      .env('EULAB_NET')
      .argParser(collected(nets.nicSchema)),
  bridgeHelper: () =>
    new Option('--bridge-helper <program>', "what makes tap devices on bridges for --net bridge (default: QEMU's own)")
      .env('EULAB_BRIDGE_HELPER')
      .argParser(absolute),
  mac: () =>
    new Option('--mac <mac>', "the network card's address, or random (default: by the machine's name)").argParser(
      parsed(nets.macSchema),
    ),
  ip: () =>
    new Option('--ip <address>', "the guest's ADDRESS/PREFIX, dhcp, or none; IPv6 too (repeatable)")
      .env('EULAB_IP')
      .argParser(collected(nets.ipSchema)),
  gateway: () => new Option('--gateway <address>', 'where it routes by (repeatable)').argParser(collected(nets.addressSchema)),
  dns: () => new Option('--dns <address>', 'its name server (repeatable)').argParser(collected(nets.addressSchema)),
  pcap: () => new Option('--pcap <file>', 'write what goes through the network card there, for tcpdump and Wireshark'),
  forward: () =>
    new Option('--forward <ports>', 'a port of the host into the guest: tcp:127.0.0.1:10022-:22 (repeatable)').argParser(
      collected(nets.forwardSchema),
    ),
  disk: () =>
    new Option(
      '--disk <disk>',
      "a disk for the guest, /dev/vda and on: a disk's name or a file, with :ro or :snapshot behind it (repeatable)",
    ).argParser(collect),
  root: () => new Option('--root <disk>', 'boot into the file system of this disk, named as for --disk; it is /dev/vda'),
  long: () => new Option('-l, --long', 'with type, permissions, links, owner, size and time, as ls -l has them'),
  extractDevices: () => new Option('--devices', 'make device nodes too, which takes root'),
  extractOwners: () => new Option('--owners', 'keep owners and setuid bits, which takes root'),
  extractForce: () => new Option('--force', 'extract over what is in the folder'),
  maxSize: () =>
    new Option('--max-size <size>', 'extract no more than this, with K, M, G or T')
      .default(8 * 1024 ** 3, '8G')
      .argParser(diskSize),
  headers: () => new Option('--headers', 'show the header of every entry, field by field'),
  top: () => new Option('--top <n>', 'how many files and folders to show').default(20).argParser(positive(100_000)),
  html: () => new Option('--html <file>', 'write a page that shows the files as areas of their size'),
  diskFormat: () =>
    new Option('--format <format>', 'raw is fastest; qcow2 is small where the host has no sparse files')
      .choices(['raw', 'qcow2'] as const)
      .default('raw' as const),
  diskFs: () => new Option('--fs <fs>', 'the file system on it').choices(['ext4', 'none'] as const).default('ext4' as const),
  diskLabel: () => new Option('--label <label>', "of the file system (default: the disk's name)"),
  diskFrom: () => new Option('--from <path>', 'fill it from a folder, a tarball or an initramfs'),
  diskReplace: () => new Option('--force', 'replace the disk of that name'),
  timeout: () =>
    new Option('--timeout <time>', 'end it after 500ms, 30s, 5m or 1h (status 124)').env('EULAB_TIMEOUT').argParser(duration),
  tty: () => new Option('-t, --tty', 'a terminal of its own for the command, of the size of yours'),
  env: () =>
    new Option(
      '-e, --env <name[=value]>',
      "a variable for the command; without a value, this environment's (repeatable)",
    ).argParser(variable),
  workdir: () => new Option('-w, --workdir <folder>', "the command's folder in the guest").argParser(absolute),
  warm: () =>
    new Option('--warm', 'start from a saved state of this very machine; the first time it is made')
      .env('EULAB_WARM')
      .conflicts('cold'),
  cold: () => new Option('--cold', 'boot, also when EULAB_WARM is set'),
  name: () =>
    new Option('--name <name>', 'what others call this machine by: eulab exec NAME (default: vm1, vm2, ...)')
      .env('EULAB_NAME')
      .argParser(
        parsed(
          v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'is no name: letters, digits, . _ -, at most 40')),
        ),
      ),
  profileBoot: () =>
    new Option(
      '--profile-boot [file]',
      'show where the time goes, and write FILE.json and FILE.html (default: artifacts/timeline)',
    ),
  repeat: () => new Option('--repeat <n>', 'with --profile-boot: boot so often, and keep all times').argParser(positive(1000)),
  compare: () => new Option('--compare', 'name what got slower and faster between two timelines, A.json and B.json'),
  gdb: () =>
    new Option('--gdb [port]', 'wait at the first instruction for gdb, on a port of 127.0.0.1 (0: any), else a private socket')
      .preset('unix' as const)
      .conflicts(['profileBoot', 'compare', 'warm'])
      .argParser(gdbWish),
  onPanic: () =>
    new Option('--on-panic <what>', 'when the guest panics: end, stop (for gdb), shell (QEMU monitor), dump (to --dump FILE)')
      .choices(['end', 'stop', 'shell', 'dump'] as const)
      .default('end' as const)
      .conflicts(['profileBoot', 'compare', 'warm'])
      .env('EULAB_ON_PANIC'),
  dump: () =>
    new Option('--dump <file>', "write the guest's memory there, for crash(8), at a panic and at the time limit").conflicts([
      'profileBoot',
      'compare',
      'warm',
    ]),
  limit: () =>
    new Option('--limit <phase=time>', 'end it when a phase, or silence, takes longer (repeatable)').argParser(phaseLimit),
  outcome: () =>
    new Option('--json <file>', 'write how it ended to this file: status, diagnosis, phases').conflicts([
      'profileBoot',
      'compare',
    ]),
  bridge: () =>
    new Option('--bridge <name>', 'the bridge: letters, digits, dots and dashes, 15 at most')
      .default('vmbr0')
      .env('EULAB_BRIDGE')
      .argParser(parsed(nets.interfaceSchema)),
  bridgeAddress: () =>
    new Option('--address <address>', "the host's ADDRESS/PREFIX on an isolated bridge; guests get others of that network")
      .default('10.77.0.1/24')
      .env('EULAB_BRIDGE_ADDRESS')
      .argParser(parsed(nets.hostAddressSchema)),
  uplink: () =>
    new Option('--uplink <nic>', 'the network card that joins the bridge, with its addresses and routes: guests are on the LAN')
      .env('EULAB_UPLINK')
      .argParser(parsed(nets.interfaceSchema)),
  nat: () => new Option('--no-nat', 'guests of an isolated bridge do not get out').env('EULAB_NO_NAT'),
  dhcp: () => new Option('--no-dhcp', 'no addresses for guests of an isolated bridge').env('EULAB_NO_DHCP'),
  tapUser: () =>
    new Option('--tap-user <user>', 'a tap device on the bridge, tap-USER, that this user may open')
      .env('EULAB_TAP_USER')
      .argParser(parsed(nets.userSchema)),
  bridgeUser: () =>
    new Option('--bridge-user <user>', 'may boot machines on the bridge without root: eulab boot --net bridge')
      .env('EULAB_BRIDGE_USER')
      .argParser(parsed(nets.userSchema)),
  sudoers: () =>
    new Option('--sudoers', 'print the rule by which sudo lets you make this very call, and its net down, without a password'),
  confirmWithin: () =>
    new Option('--confirm-within <time>', 'with --uplink: everything is taken back when no gateway has answered by then')
      .default(30_000, '30s')
      .env('EULAB_CONFIRM_WITHIN')
      .argParser(duration),
  netForce: () => new Option('--force', 'take a card also from NetworkManager or systemd-networkd'),
  netState: () =>
    new Option('--state <folder>', 'where the journal of what was before lies')
      .default('/run/eulab/net')
      .env('EULAB_NET_STATE')
      .argParser(absolute),
  qemu: () => new Option('--qemu <program>', 'QEMU to run (default: qemu-system-ARCH)').env('EULAB_QEMU'),
} as const;

export const memory = parsed(values.memorySchema);

export const diskSize = parsed(values.diskSizeSchema);

export const topology = parsed(values.topologySchema);

export const duration = parsed(values.durationSchema);

/** `PHASE=TIME` added to the limits so far; the last one of a phase counts. */
export function phaseLimit(text: string, earlier: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [phase, ms] = parsed(values.limitSchema)(text);
  return { ...earlier, [phase]: ms };
}

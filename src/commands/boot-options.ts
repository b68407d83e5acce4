import { Command } from 'commander';
import { settings } from '../config.ts';

export type Options = ReturnType<ReturnType<typeof described>['opts']>;

/** `eulab boot` with its options, as its help has them. */
export function described() {
  return named()
    .addOption(settings.kernel())
    .addOption(settings.kernelForm())
    .addOption(settings.initrd())
    .addOption(settings.add())
    .addOption(settings.overlay())
    .addOption(settings.program())
    .addOption(settings.package())
    .addOption(settings.init())
    .addOption(settings.module())
    .addOption(settings.modules())
    .addOption(settings.service())
    .addOption(settings.contents())
    .addOption(settings.check())
    .addOption(settings.memory())
    .addOption(settings.cpus())
    .addOption(settings.cpu())
    .addOption(settings.numa())
    .addOption(settings.arch())
    .addOption(settings.machine())
    .addOption(settings.append())
    .addOption(settings.accel())
    .addOption(settings.share())
    .addOption(settings.cwd())
    .addOption(settings.net())
    .addOption(settings.bridgeHelper())
    .addOption(settings.mac())
    .addOption(settings.ip())
    .addOption(settings.gateway())
    .addOption(settings.dns())
    .addOption(settings.pcap())
    .addOption(settings.forward())
    .addOption(settings.disk())
    .addOption(settings.root())
    .addOption(settings.vsock())
    .addOption(settings.rng())
    .addOption(settings.rtc())
    .addOption(settings.timeout())
    .addOption(settings.limit())
    .addOption(settings.outcome())
    .addOption(settings.gdb())
    .addOption(settings.onPanic())
    .addOption(settings.dump())
    .addOption(settings.tty())
    .addOption(settings.env())
    .addOption(settings.workdir())
    .addOption(settings.name())
    .addOption(settings.warm())
    .addOption(settings.cold())
    .addOption(settings.profileBoot())
    .addOption(settings.repeat())
    .addOption(settings.compare())
    .addOption(settings.qemu())
    .addOption(settings.qemuArg())
    .addOption(settings.explain())
    .addOption(settings.dryRun())
    .addHelpText('after', examples);
}

function named() {
  return new Command('boot')
    .summary('boot the kernel: a shell, or one command and its status')
    .description(
      'Boot the kernel and the initramfs in QEMU. Without COMMAND: a shell on the console (ctrl-A x ends the machine).\n' +
        "With COMMAND: it runs in the guest with this process's stdin, stdout and stderr, and its status is eulab's.",
    )
    .usage('[options] [machine] [-- command...]')
    .argument('[machine]', 'a machine of eulab.toml, [machine.NAME], with all that it says there')
    .argument('[command...]', 'what to run in the guest, after --; with --compare the two timelines');
}

const examples = `
Examples:
  eulab boot
  eulab boot -- uname -a
  eulab boot router -- ip route                     [machine.router] of eulab.toml
  eulab boot --timeout 30s -- sh -c "dmesg | grep virtio"
  eulab boot --disk data -- sh -c "mount /dev/vda /mnt && date >>/mnt/boots"
  eulab boot --root rootfs:snapshot
  eulab boot --add ./reproducer:/bin/ -- reproducer
  eulab boot --program strace -- strace -V          a program of the host's, with its libraries
  eulab boot --kernel /boot/vmlinuz-6.1.0-56-amd64 -- uname -r
  eulab boot --forward tcp:127.0.0.1:10022-:22
  eulab boot --net lab:a --ip 10.1.0.1/24           another one with 10.1.0.2/24, and they ping each other
  eulab boot --net bridge                           on the bridge of net up, by DHCP
  eulab boot --profile-boot
  eulab boot --profile-boot=before --repeat 5 -- true
  eulab boot --compare before.json after.json
  eulab boot --gdb                                  waits, and prints the gdb line for another terminal
  eulab boot --on-panic stop -- ./reproducer        stands still at a panic, for gdb
  eulab boot --dump vmcore --timeout 1m -- ./test   memory for crash(8), at a panic and at the time limit`;

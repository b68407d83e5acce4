import { guestDied, type Rule, unknown } from './rule.ts';

/** Panics of which only the reason is known. Asked when no better is. */
export const panicRules: readonly Rule[] = [
  {
    name: 'panic-by-sysrq',
    lines: [/Kernel panic - not syncing: sysrq triggered crash/],
    before: 6,
    after: 18,
    cause: 'the guest kernel panicked because somebody in the guest wrote c to /proc/sysrq-trigger',
    remedy: 'if that was on purpose, there is nothing to mend',
    status: guestDied,
  },
  {
    name: 'panic',
    lines: [/Kernel panic - not syncing: (.*)/],
    before: 6,
    after: 18,
    cause: 'the guest kernel panicked: $1',
    remedy: 'the lines before it say why; with symbols: eulab build kernel --profile debug',
    status: guestDied,
  },
];

/** Ends in which nothing broke: somebody wanted them, or a part is missing. */
export const endRules: readonly Rule[] = [
  {
    name: 'no-command-channel',
    lines: [/eulab: cannot run the command: (.*)/],
    cause: 'the guest cannot run the command: $1',
    remedy: 'build a kernel that has them: eulab build kernel',
    status: unknown,
  },
  {
    name: 'root-unusable',
    lines: [/eulab: cannot use the root: (.*)/],
    cause: 'the guest cannot use the root: $1',
    remedy: 'see what is on the disk: boot with --disk instead of --root, and mount it in the guest',
    status: unknown,
  },
  {
    name: 'reset-by-sysrq',
    lines: [/sysrq: Resetting/],
    cause: 'the guest was reset at once: somebody in it wrote b to /proc/sysrq-trigger',
    remedy: 'if that was on purpose, there is nothing to mend; poweroff -f ends a machine in peace',
    status: guestDied,
  },
  {
    name: 'guest-powered-off',
    lines: [/reboot: Power down/],
    before: 4,
    cause: 'the guest switched itself off before the command ended',
    remedy: 'take the poweroff out of the command, or out of what init runs',
    status: unknown,
  },
  {
    name: 'guest-restarted',
    lines: [/reboot: Restarting system/],
    before: 4,
    cause: 'the guest restarted itself before the command ended, and eulab boots once',
    remedy: 'take the reboot out of the command, or out of what init runs',
    status: unknown,
  },
  {
    name: 'guest-halted',
    lines: [/reboot: (?:System halted|Power off not available)/],
    before: 4,
    cause: 'the guest halted before the command ended: a halted machine stays on, and does nothing',
    remedy: 'end it with poweroff -f instead; a kernel without CONFIG_ACPI can only halt, or restart: reboot -f',
    status: unknown,
  },
];

import { guestDied, type Rule, unknown } from './rule.ts';

const report = 30;

/** A kernel that noticed that it, or a part of it, does not go on. */
export const lockupRules: readonly Rule[] = [
  {
    name: 'spinlock-bad',
    lines: [/BUG: spinlock ([a-zA-Z ]+) on CPU#/],
    after: report,
    cause: 'a spinlock is taken twice, given back by another, or damaged: $1',
    remedy: 'the trace shows who waits; build with --profile debug for who holds it (lockdep)',
    status: guestDied,
  },
  {
    name: 'hard-lockup',
    lines: [/Watchdog detected hard LOCKUP on cpu (\d+)|NMI watchdog: Watchdog detected hard LOCKUP/],
    after: report,
    cause: 'a CPU did not even take interrupts any more (hard lockup on CPU $1)',
    remedy: 'look for a loop with interrupts off in the trace',
    status: guestDied,
  },
  {
    name: 'soft-lockup',
    lines: [/BUG: soft lockup - CPU#(\d+) stuck for (\d+)s! \[([^\]]*)\]/],
    after: report,
    cause: 'CPU $1 ran in the kernel for $2 s without letting others run ($3)',
    remedy: 'look for the loop in the trace; on a busy host it may be the host: watchdog_thresh=60 in --append',
    status: guestDied,
  },
  {
    name: 'rcu-stall',
    lines: [/rcu: INFO: (\S+) (?:self-)?detected (?:expedited )?stalls? on CPU/],
    after: report,
    cause: 'a CPU did not come to rest for RCU for too long ($1): a loop in the kernel, or a CPU that the host does not run',
    remedy: 'look for the loop in the trace; on a busy host it may be the host: rcupdate.rcu_cpu_stall_timeout=120 in --append',
    status: guestDied,
  },
  {
    name: 'hung-task',
    lines: [/INFO: task (\S+?):(\d+) blocked for more than (\d+) seconds/],
    after: report,
    cause: 'the process $1 ($2) waited in the kernel for more than $3 s: for a lock or for a device',
    remedy: 'its trace shows what it waits for; build with --profile debug for who holds the lock (lockdep)',
    status: guestDied,
  },
  {
    name: 'workqueue-lockup',
    lines: [/BUG: workqueue lockup - pool(.*)/],
    after: report,
    cause: 'the work items of a workqueue were not run for too long',
    remedy: 'the lines that follow name what is in flight: that is what hangs',
    status: guestDied,
  },
  {
    name: 'io-apic-timer',
    lines: [/Kernel panic - not syncing: IO-APIC \+ timer doesn't work/],
    before: 8,
    cause: 'the timer interrupt did not come through the interrupt controller',
    remedy: 'boot with noapic in --append; or with another accelerator: --accel tcg',
    status: guestDied,
  },
  {
    name: 'clock-calibration',
    lines: [
      /(Unable to calibrate against PIT|HPET\/PMTIMER calibration failed|Fast TSC calibration failed|Calibrating delay loop\.\.\.$)/,
    ],
    when: ({ limit, phase, texts }) => {
      const last = texts.slice(-4).join('\n');
      return limit !== undefined && phase === 'kernel' && /calibrat|tsc|TSC|clocksource/i.test(last);
    },
    cause: 'the kernel cannot find out how fast its clock runs, and waits for ever: $1',
    remedy:
      'leave acpi=off, noapic and nolapic out of --append; boot a machine that has a PIT (q35, pc), or say it: tsc_early_khz=N',
    status: unknown,
  },
];

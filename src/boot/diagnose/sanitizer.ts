import { guestDied, type Rule } from './rule.ts';

const report = 40;

/**
 * Reports of the kernel's checkers. They do not end it by themselves: when it ends soon after, they say why better than its
 * last words; else they are notes.
 */
export const sanitizerRules: readonly Rule[] = [
  {
    name: 'kasan',
    lines: [/BUG: KASAN: (\S+) in (.*)/],
    after: report,
    cause: 'the kernel used memory that is not its own: $1 in $2 (KASAN)',
    remedy: 'the report has the access, and where the memory was allocated and freed',
    status: guestDied,
  },
  {
    name: 'lockdep-circular',
    lines: [/WARNING: possible circular locking dependency detected/],
    after: report,
    cause: 'two locks are taken in different orders: that deadlocks when both happen at once (lockdep)',
    remedy: 'the report has both orders with their traces: take them in one order everywhere',
    status: guestDied,
  },
  {
    name: 'lockdep-recursive',
    lines: [/WARNING: possible recursive locking detected/],
    after: report,
    cause: 'a lock is taken by who holds one of its class already (lockdep)',
    remedy: 'the report names both places; two locks of one class on purpose: mutex_lock_nested()',
    status: guestDied,
  },
  {
    name: 'lockdep-irq',
    lines: [
      /WARNING: (?:inconsistent lock state|\S+-safe -> \S+-unsafe lock order detected|possible irq lock inversion dependency detected)/,
    ],
    after: report,
    cause: 'a lock that an interrupt takes is also taken with interrupts on (lockdep)',
    remedy: 'take it with spin_lock_irqsave() at the place that the report names',
    status: guestDied,
  },
  {
    name: 'lockdep-unlock',
    lines: [
      /WARNING: (?:bad unlock balance detected|held lock freed|lock held when returning to user space|.* still has locks held)!/,
    ],
    after: report,
    cause: 'a lock was given back that was not held, or kept where none may be (lockdep)',
    remedy: 'the report names the lock and the place',
    status: guestDied,
  },
  {
    name: 'sleep-in-atomic',
    lines: [/BUG: (scheduling while atomic|sleeping function called from invalid context)(.*)/],
    after: report,
    cause: 'the kernel slept, or might have, where it must not: $1$2',
    remedy: 'look in the trace for the spinlock, the interrupt or the preempt_disable() around it',
    status: guestDied,
  },
  {
    name: 'list-corruption',
    lines: [/list_(?:add|del) corruption(?:\.|,)? ?(.*)/],
    after: report,
    cause: 'a linked list of the kernel is damaged: $1',
    remedy: 'something was freed or added twice: build with --set CONFIG_KASAN=y to see what',
    status: guestDied,
  },
  {
    name: 'refcount',
    lines: [/refcount_t: (.*)/],
    before: 1,
    after: report,
    cause: 'a reference count went wrong: $1',
    remedy: 'a get or a put is missing or is one too many: see who called in the trace',
    status: guestDied,
  },
  {
    name: 'ubsan',
    lines: [/UBSAN: (\S+) in (.*)/],
    after: 12,
    cause: 'the kernel did what C does not define: $1 in $2 (UBSAN)',
    remedy: 'mend that line of the source',
    status: guestDied,
  },
  {
    name: 'slab-corruption',
    lines: [/BUG (\S+) \([^)]*\): (.*)/],
    after: 12,
    cause: 'an object of the slab $1 was damaged: $2',
    remedy: 'it was written beyond its end or after it was freed: build with --set CONFIG_KASAN=y',
    status: guestDied,
  },
  {
    name: 'warning',
    lines: [/WARNING: CPU: \d+ PID: \d+ at (\S+)/, /panic_on_warn set|system warned too often/],
    after: 24,
    cause: 'a check of the kernel failed (WARN) at $1',
    remedy: 'read the condition at that line; the trace says who called',
    status: guestDied,
  },
];

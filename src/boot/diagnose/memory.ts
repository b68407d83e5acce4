import { guestDied, type Rule, unknown } from './rule.ts';

/** A guest with too little memory, from the first allocation on. */
export const memoryRules: readonly Rule[] = [
  {
    name: 'memory-deadlock',
    lines: [/System is deadlocked on memory/],
    before: 3,
    cause: 'the memory is full, and there is no process left to end but init',
    remedy: 'give the guest more memory (--memory 1G), or make the initramfs smaller: it lies in memory whole',
    status: guestDied,
  },
  {
    name: 'out-of-memory-panic',
    lines: [/Kernel panic - not syncing: Out of memory: .*panic_on_oom/],
    before: 3,
    cause: 'the memory is full, and panic_on_oom makes that a panic',
    remedy: 'give the guest more memory: --memory 1G; or leave panic_on_oom off',
    status: guestDied,
  },
  {
    name: 'memory-too-small-for-kernel',
    lines: [
      /(Kernel panic - not syncing: .*(?:[Ff]ailed to (?:pre-)?allocate|can ?not allocate|can not alloc memory|Out of memory).*|PANIC: early exception.*alloc|Out of memory when creating slab.*|[Cc]annot allocate page table.*|memory map backing failed.*)/,
    ],
    before: 2,
    cause: 'the guest has too little memory for the kernel itself: $1',
    remedy: 'give it more: --memory 512M; and leave mem= out of --append',
    status: guestDied,
  },
];

/** A process that was ended for want of memory: no panic, but most likely why there is no status. Asked after all else. */
export const memoryEndRules: readonly Rule[] = [
  {
    name: 'out-of-memory',
    lines: [/Out of memory: Killed process (\d+) \(([^)]*)\)/],
    before: 2,
    cause: 'the memory was full, and the kernel ended $2 (process $1)',
    remedy: 'give the guest more memory: --memory 1G',
    status: unknown,
  },
];

import { join } from 'node:path';
import { file } from '../../../src/ramdisk/entry.ts';
import { artifacts } from '../artifacts.ts';
import { kernel } from '../kernels.ts';
import { type Broken, everyBroken } from './boot.ts';
import { call, patchedIn, symbols } from './code.ts';
import { only } from './initrd.ts';
import { provoke } from './provoke.ts';

artifacts();
const bare = kernel('bare');
const debug = kernel('debug');

/** The kernel that checks itself, broken on request by LKDTM. */
const broken = (name: string, trigger: string, row: Omit<Partial<Broken>, 'name'> = {}, times = 1): Broken => ({
  name,
  status: 255,
  kernel: () => join(bare, 'bzImage'),
  initrd: provoke(trigger, times),
  ...row,
  append: `earlyprintk=ttyS0,115200,keep ${row.append ?? ''}`,
});

/** It goes on after its report, and waits. */
const survived = { status: 125, options: ['--limit', 'init=3s'] };

/** The same kernel, which calls these functions of its own, late in its start, and then hangs. */
const calls =
  (...list: readonly (readonly [name: string, ...args: (string | bigint)[]])[]) =>
  (folder: string) => {
    const known = symbols(bare);
    const address = (name: string | bigint) => (typeof name === 'bigint' ? name : (known.get(name) ?? 0n));
    const make = (at: bigint) => {
      let bytes = Buffer.alloc(0);
      for (const [name, ...args] of list) {
        bytes = Buffer.concat([bytes, call(at + BigInt(bytes.length), address(name), ...args.map(address))]);
      }
      return Buffer.concat([bytes, Buffer.from('ebfe', 'hex')]);
    };
    return patchedIn(bare, 'lkdtm_module_init', make)(folder);
  };

const hung = {
  status: 125,
  options: ['--limit', 'silence=3s'],
  append: 'earlyprintk=ttyS0,115200,keep',
  initrd: only(file('init', Buffer.from('never reached'), 0o755)),
};

const table: readonly Broken[] = [
  {
    name: 'kasan',
    status: 255,
    kernel: () => join(debug, 'bzImage'),
    append: 'kasan.fault=panic',
    command: ['sh', '-c', 'mount -t debugfs d /sys/kernel/debug; echo READ_AFTER_FREE >/sys/kernel/debug/provoke-crash/DIRECT'],
    says: 'use-after-free in lkdtm_READ_AFTER_FREE',
  },
  broken('panic', 'PANIC', { says: 'dumptest' }),
  broken('kernel-bug', 'BUG', { says: 'lkdtm_BUG' }),
  broken('kernel-stack-corrupted', 'CORRUPT_STACK_STRONG'),
  broken('execute-protection', 'EXEC_DATA'),
  broken('warning', 'WARNING', { append: 'panic_on_warn=1' }),
  broken('ubsan', 'ARRAY_BOUNDS', { ...survived, says: 'array-index-out-of-bounds' }),
  broken('list-corruption', 'CORRUPT_LIST_ADD', survived),
  broken('refcount', 'REFCOUNT_INC_OVERFLOW', survived),
  broken('slab-corruption', 'SLAB_LINEAR_OVERFLOW', { ...survived, append: 'slub_debug=FZ' }),
  broken('lockdep-unlock', 'SPINLOCKUP', survived),
  {
    name: 'lockdep-recursive',
    ...hung,
    kernel: calls(['mutex_lock_nested', 'text_mutex', 0n], ['mutex_lock_nested', 'text_mutex', 0n]),
  },
  {
    name: 'spinlock-bad',
    ...hung,
    status: 255,
    kernel: calls(['do_raw_spin_lock', 'uidhash_lock'], ['do_raw_spin_lock', 'uidhash_lock']),
    says: 'recursion',
  },
  broken('soft-lockup', 'SOFTLOCKUP', { append: 'watchdog_thresh=1 softlockup_panic=1' }),
  broken('workqueue-lockup', 'SOFTLOCKUP', {
    append: 'nosoftlockup rcupdate.rcu_cpu_stall_suppress=1 workqueue.watchdog_thresh=1',
    options: ['--limit', 'init=5s'],
  }),
  broken('hung-task', 'HUNG_TASK', { append: 'sysctl.kernel.hung_task_timeout_secs=1 sysctl.kernel.hung_task_panic=1' }),
  { name: 'sleep-in-atomic', ...hung, kernel: calls(['_raw_spin_lock', 'uidhash_lock'], ['msleep', 1n]) },
  {
    name: 'lockdep-circular',
    ...hung,
    kernel: calls(
      ['mutex_lock_nested', 'clocksource_mutex', 0n],
      ['mutex_lock_nested', 'text_mutex', 0n],
      ['mutex_unlock', 'text_mutex'],
      ['mutex_unlock', 'clocksource_mutex'],
      ['mutex_lock_nested', 'text_mutex', 0n],
      ['mutex_lock_nested', 'clocksource_mutex', 0n],
    ),
  },
  {
    name: 'lockdep-irq',
    ...hung,
    kernel: calls(
      ['_raw_spin_lock', 'dump_list_lock'],
      ['_raw_spin_unlock', 'dump_list_lock'],
      ['irq_enter'],
      ['_raw_spin_lock', 'dump_list_lock'],
    ),
  },
];

everyBroken(table);

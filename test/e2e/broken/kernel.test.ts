import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { file } from '../../../src/ramdisk/entry.ts';
import { root } from '../../eulab.ts';
import { artifacts } from '../artifacts.ts';
import { kernel } from '../kernels.ts';
import { type Broken, everyBroken } from './boot.ts';
import { code, elf, patchedIn } from './code.ts';
import { only, written } from './initrd.ts';

artifacts();
const bare = kernel('bare');
const lab = join(root, 'artifacts');

/** The kernel with some bytes in the middle of its compressed part turned over. */
const damaged = (file: string) => (folder: string) => {
  const bytes = readFileSync(file);
  for (let at = bytes.length >> 1; at < (bytes.length >> 1) + 64; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return written(folder, bytes, 'bzImage');
};

/** The lab kernel with other code in a function that runs once, late in its start, where faults are reported. */
const late = (hex: string) => patchedIn(lab, 'ikconfig_init', code(hex));

const early = 'earlyprintk=ttyS0,115200,keep';
/** An init that never ends: pause(). */
const idle = only(file('init', elf(code('b8 22000000 0f05 ebf7')), 0o755));
const silent = ['--limit', 'firmware=4s', '--limit', 'kernel=4s'];

const table: readonly Broken[] = [
  { name: 'kernel-for-another-cpu', status: 255, append: early, qemu: '-cpu qemu32', says: 'i686' },
  { name: 'kernel-needs-cpu-features', status: 255, append: early, qemu: '-cpu max,-sse2', says: 'sse2' },
  { name: 'kernel-image-corrupt', what: 'lz4', status: 255, append: early, kernel: damaged(join(lab, 'bzImage')) },
  { name: 'kernel-image-corrupt', what: 'xz', status: 255, append: early, kernel: damaged(join(bare, 'bzImage')) },
  {
    name: 'no-console-output',
    what: 'corrupt, and nothing said',
    status: 125,
    kernel: damaged(join(lab, 'bzImage')),
    options: silent,
  },
  {
    name: 'no-console-output',
    what: 'no driver',
    status: 125,
    kernel: () => join(bare, 'bzImage'),
    initrd: idle,
    options: silent,
  },
  { name: 'reset-without-output', what: 'too little memory', status: 255, options: ['--memory', '32M'] },
  { name: 'reset-without-output', what: 'a panic unheard', status: 255, kernel: () => join(bare, 'bzImage'), append: 'reboot=t' },
  {
    name: 'kernel-decompression-hangs',
    status: 125,
    append: `debug ${early}`,
    options: silent,
    // The first instruction behind its setup code jumps to itself.
    kernel: (folder) => {
      const bytes = readFileSync(join(lab, 'bzImage'));
      bytes.write('ebfe', ((bytes[0x1f1] ?? 0) + 1) * 512, 'hex');
      return written(folder, bytes, 'bzImage');
    },
  },
  {
    name: 'clock-calibration',
    status: 125,
    // What eulab itself says of the clock is taken back, and the machine has none to measure by.
    append: 'tsc_early_khz=0',
    qemu: '-machine pit=off',
    options: ['--machine', 'microvm', '--limit', 'kernel=4s'],
  },
  { name: 'io-apic-timer', status: 255, kernel: patchedIn(lab, 'timer_irq_works', code('31c0 c3')), append: early },
  { name: 'triple-fault', status: 255, kernel: late('6a00 6a00 0f011c24 cc') },
  { name: 'kernel-hangs', status: 125, kernel: late('fa f4 ebfd'), options: ['--limit', 'kernel=4s'] },
  { name: 'kernel-hangs', what: 'by its silence', status: 125, kernel: late('ebfe'), options: ['--limit', 'silence=3s'] },
  {
    name: 'rcu-stall',
    status: 255,
    kernel: late('ebfe'),
    append: 'rcupdate.rcu_cpu_stall_timeout=3',
    options: ['--cpus', '2', '--limit', 'kernel=8s'],
  },
  { name: 'null-dereference', status: 255, kernel: late('31c0 488b00'), says: 'ikconfig_init' },
  { name: 'page-fault', status: 255, kernel: late('48b8 0010000000 80ffff 488b00') },
  { name: 'general-protection-fault', status: 255, kernel: late('48b8 6b6b6b6b6b6b6b6b 488b00'), says: '0x6b6b6b6b6b6b6b6b' },
  { name: 'divide-error', status: 255, kernel: late('31c9 31d2 31c0 f7f1') },
  { name: 'invalid-opcode', status: 255, kernel: late('0fff') },
  { name: 'breakpoint-trap', status: 255, kernel: late('cc') },
  { name: 'double-fault', status: 255, kernel: late('31e4 50') },
  { name: 'kernel-stack-overflow', status: 255, kernel: late('50 ebfd') },
  { name: 'unknown-nmi', status: 255, kernel: late('cd02'), append: 'unknown_nmi_panic' },
  { name: 'early-exception', status: 255, kernel: patchedIn(lab, 'trap_init', code('31c9 31d2 31c0 f7f1')), append: early },
  { name: 'memory-deadlock', status: 255, append: 'mem=8M' },
  { name: 'memory-too-small-for-kernel', status: 255, append: `mem=4M ${early}` },
  {
    name: 'panic-by-sysrq',
    status: 255,
    command: ['sh', '-c', 'echo c >/proc/sysrq-trigger; sleep 60'],
    says: 'sysrq_handle_crash',
  },
  { name: 'reset-by-sysrq', status: 255, command: ['sh', '-c', 'echo b >/proc/sysrq-trigger; sleep 60'] },
  { name: 'guest-powered-off', what: 'by the command', status: 125, command: ['sh', '-c', 'poweroff -f; sleep 60'] },
  {
    name: 'out-of-memory-panic',
    status: 255,
    append: 'sysctl.vm.overcommit_memory=1 sysctl.vm.panic_on_oom=1',
    options: ['--memory', '64M'],
    command: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100M', 'count=1'],
  },
  {
    name: 'out-of-memory',
    status: 124,
    append: 'sysctl.vm.overcommit_memory=1',
    options: ['--memory', '64M', '--limit', 'command=4s'],
    command: ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=100M count=1; sleep 60'],
  },
  { name: 'timeout', status: 124, options: ['--timeout', '4s'] },
  { name: 'command-limit', status: 124, options: ['--limit', 'command=1s'] },
];

everyBroken(table);

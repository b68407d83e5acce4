import { expect, test } from 'vitest';
import { archs } from '../../../../src/boot/machine/arch.ts';
import { explained } from '../../../../src/boot/machine/explain.ts';
import { type RecipeFacts, recipe } from '../../../../src/boot/machine/recipe.ts';

const facts: RecipeFacts = {
  arch: archs.x86_64,
  accel: 'tcg',
  machine: 'auto',
  cpu: undefined,
  cpus: 1,
  kernel: { path: '/k/bzImage', form: 'bzImage', why: 'it was asked for' },
  initramfs: { path: 'initramfs.cpio', form: 'unpacked', why: 'so' },
  qemuVersion: [7, 2],
  qboot: '/q/qboot.rom',
  tscKhz: undefined,
  interactive: false,
};
const known = { kernel: { path: '/k/vmlinux', form: 'elf', why: 'sooner', provesRcu: false } } as const;
const arm = { arch: archs.aarch64, qboot: undefined };
const riscv = { arch: archs.riscv64, qboot: undefined };
const microvm = { machine: 'microvm', tscKhz: 2_445_408 };

test.each<[string, Partial<RecipeFacts>, Partial<ReturnType<typeof recipe>>]>([
  [
    'emulation',
    {},
    { machine: 'q35,i8042=off', bus: 'pci', cpu: 'max,erms=off,fsrm=off', firmware: '/q/qboot.rom', kernel: '/k/bzImage' },
  ],
  ['KVM', { accel: 'kvm' }, { machine: 'q35,i8042=off', cpu: 'host' }],
  ['an older QEMU', { qemuVersion: [6, 2] }, { machine: 'q35' }],
  ['without qboot', { qboot: undefined }, { firmware: undefined }],
  ['an ELF form of the kernel', { kernel: { path: '/k/vmlinux', form: 'elf', why: 'sooner' } }, { kernel: '/k/vmlinux' }],
  ['a machine that was asked for', { machine: 'pc' }, { machine: 'pc', bus: 'pci' }],
  ['a CPU that was asked for', { cpu: 'EPYC,-avx' }, { cpu: 'EPYC,-avx' }],
  ['a shell', { interactive: true }, { words: ['noreplace-smp', 'cryptomgr.notests', 'console=ttyS0', 'panic=-1', 'quiet'] }],
  ['a command', {}, { words: ['noreplace-smp', 'cryptomgr.notests', 'console=ttyS0', 'panic=-1'] }],
  [
    'a kernel that is known not to try out RCU',
    known,
    { words: ['nolapic_timer', 'no_timer_check', 'noreplace-smp', 'cryptomgr.notests', 'console=ttyS0', 'panic=-1'] },
  ],
  ['the same on two CPUs', { ...known, cpus: 2 }, { words: ['cryptomgr.notests', 'console=ttyS0', 'panic=-1'] }],
  ['the same under KVM', { ...known, accel: 'kvm' }, { words: ['console=ttyS0', 'panic=-1'] }],
  ['a command on two CPUs', { cpus: 2 }, { words: ['cryptomgr.notests', 'console=ttyS0', 'panic=-1'] }],
  ['a command under KVM', { accel: 'kvm' }, { words: ['console=ttyS0', 'panic=-1'] }],
  ['microvm under KVM', { machine: 'microvm', accel: 'kvm' }, { bus: 'mmio', words: ['console=ttyS0', 'panic=-1'] }],
  [
    'arm64',
    arm,
    { machine: 'virt,gic-version=max', cpu: 'max,pauth-impdef=on', words: ['cryptomgr.notests', 'console=ttyAMA0', 'panic=-1'] },
  ],
  ['arm64 under KVM', { ...arm, accel: 'kvm' }, { machine: 'virt,gic-version=host', cpu: 'host' }],
  ['riscv64', { ...riscv, qemuVersion: [8, 2] }, { machine: 'virt', cpu: 'max', firmware: undefined }],
  ['riscv64 by an older QEMU', { ...riscv, qemuVersion: [8, 1] }, { machine: 'virt', cpu: 'rv64', firmware: undefined }],
])('%s', (_what, changes, expected) => {
  expect(recipe({ ...facts, ...changes })).toMatchObject(expected);
});

test('microvm under emulation is told the rate of its clock as it was measured, and the table says so', () => {
  const { bus, firmware, words, choices } = recipe({ ...facts, ...microvm });
  expect({ bus, firmware, words: words.slice(0, 2) }).toEqual({
    bus: 'mmio',
    firmware: undefined,
    words: ['tsc_early_khz=2445408', 'tsc=reliable'],
  });
  expect(choices[0]?.reason).toContain('the kernel is told 2445408 kHz, as measured');
});

test('another machine under emulation is told a rate that is known, and goes on to measure it', () => {
  for (const machine of ['auto', 'q35', 'pc']) {
    expect(recipe({ ...facts, machine }).words.join()).not.toContain('tsc');
    const told = recipe({ ...facts, machine, tscKhz: 2_445_408 }).words.filter((word) => word.startsWith('tsc'));
    expect(told).toEqual(['tsc_early_khz=2445408']);
  }
});

test.each<[string, Partial<RecipeFacts>]>([
  ['KVM', { accel: 'kvm' }],
  ['another architecture', arm],
])('a gain that was measured under emulation of x86 is not claimed for %s', (_what, changes) => {
  expect(recipe({ ...facts, ...changes }).choices.filter(({ gain }) => gain !== undefined)).toEqual([]);
  expect(recipe(facts).choices.some(({ gain }) => gain !== undefined)).toBe(true);
});

test('the table has a row for every choice, with its gain and its reason', () => {
  const text = explained(
    [
      { what: 'machine', value: 'q35', reason: 'because', against: 'pc', gain: 0.876 },
      { what: 'cpu', value: 'max', reason: 'why not' },
    ],
    { where: 'There.' },
  );
  expect(text.split('\n')).toEqual([
    'what     choice  time       because',
    'machine  q35     0.88 / pc  because',
    'cpu      max     -          why not',
    '',
    'time: of a boot with the choice, over one with what stands behind the stroke. There.',
    '',
  ]);
});

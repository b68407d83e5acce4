import { expect, test } from 'vitest';
import { archs } from '../../../../src/boot/machine/arch.ts';
import {
  checkCards,
  checkCmdline,
  checkCpu,
  checkCpus,
  checkMachine,
  checkMemory,
  checkMicrovm,
  checkVersion,
} from '../../../../src/boot/machine/limits.ts';
import { EulabError } from '../../../../src/errors.ts';

const x86 = archs.x86_64;
const lab = { what: '--net lab', since: [7, 2] } as const;
const cpus = { models: ['qemu64', 'EPYC', 'Skylake-Client'], features: ['avx', 'sse4.2', 'umip'] };

test.each<[string, () => void]>([
  ['memory that the host has', () => checkMemory(2 ** 30, 2 ** 30)],
  ['the most CPUs', () => checkCpus(255, 'q35')],
  ['the most CPUs of microvm', () => checkCpus(288, 'microvm')],
  ['a versioned machine', () => checkMachine('pc-q35-7.1', x86, ['pc-q35-7.1'])],
  ['the oldest QEMU', () => checkVersion('qemu', [5, 2])],
  ['a later major', () => checkVersion('qemu', [10, 0])],
  ['a CPU with features', () => checkCpu('EPYC,+avx,-umip,x2apic=off', 'tcg', cpus)],
  ['the host’s CPU under KVM', () => checkCpu('host', 'kvm', cpus)],
  [
    'a microvm',
    () => checkMicrovm({ nodes: 0, devices: 4, cards: [], kernelConfig: new Set(['CONFIG_VIRTIO_MMIO', 'CONFIG_ACPI']) }),
  ],
  [
    'a microvm for a kernel of which nothing is known',
    () => checkMicrovm({ nodes: 0, devices: 4, cards: [], kernelConfig: undefined }),
  ],
  ['the first QEMU with a lab', () => checkVersion('qemu', [7, 2], lab)],
  ['cards that need no more than virtio', () => checkCards([{ model: 'virtio' }], () => new Set())],
  ['a card of which the kernel has a driver', () => checkCards([{ model: 'e1000' }], () => new Set(['CONFIG_E1000']))],
  ['a card with its older driver', () => checkCards([{ model: 'rtl8139' }], () => new Set(['CONFIG_8139TOO']))],
  ['a card for a kernel of which nothing is known', () => checkCards([{ model: 'rtl8139' }], () => undefined)],
  ['a command line that just fits', () => checkCmdline(['x'.repeat(2047)], [], x86)],
  ['quoted words', () => checkCmdline([], ['a="b c" d=\'e'], x86)],
])('%s is taken', (_what, check) => {
  check();
});

test.each<[string, () => void, string, string, number]>([
  ['memory', () => checkMemory(2 ** 31, 2 ** 30), '--memory 2048 MiB is more than this host has: 1024 MiB', '512M', 2],
  ['CPUs', () => checkCpus(256, 'q35'), '--cpus 256 is more than the machine q35 takes (255)', 'at most 255', 2],
  ['a machine', () => checkMachine('q36', x86, undefined), '--machine q36', 'did you mean q35?', 2],
  ['another architecture’s machine', () => checkMachine('virt', x86, undefined), 'no such machine of x86_64', 'microvm', 2],
  [
    'a machine of a newer QEMU',
    () => checkMachine('pc-q35-99.0', x86, ['q35']),
    'this QEMU has no such machine',
    '-machine help',
    2,
  ],
  ['an old QEMU', () => checkVersion('qemu', [5, 1]), 'qemu is version 5.1: eulab needs 5.2', '--qemu', 3],
  ['a CPU', () => checkCpu('EPIC', 'tcg', cpus), 'knows no CPU model "EPIC"', 'did you mean EPYC?', 2],
  ['a feature', () => checkCpu('EPYC,+avz', 'tcg', cpus), 'knows no CPU feature "avz"', 'did you mean avx?', 2],
  ['a feature without a sign', () => checkCpu('EPYC,avx', 'tcg', cpus), '"avx" is no feature', '+FEATURE', 2],
  ['the host’s CPU', () => checkCpu('host', 'tcg', cpus), '--cpu host is what KVM alone can give', '--cpu max', 2],
  [
    'NUMA',
    () => checkMicrovm({ nodes: 2, devices: 1, cards: [], kernelConfig: undefined }),
    'microvm has no NUMA nodes',
    'q35',
    2,
  ],
  ['devices', () => checkMicrovm({ nodes: 0, devices: 25, cards: [], kernelConfig: undefined }), '24 places', 'q35', 2],
  [
    'a kernel',
    () => checkMicrovm({ nodes: 0, devices: 1, cards: [], kernelConfig: new Set(['CONFIG_ACPI']) }),
    'CONFIG_VIRTIO_MMIO',
    'q35',
    2,
  ],
  [
    'a long line',
    () => checkCmdline(['x'.repeat(2048)], [], x86),
    '2048 bytes long: a kernel of x86_64 keeps 2047',
    '--append',
    2,
  ],
  ['a long line in bytes', () => checkCmdline(['é'.repeat(1024)], [], x86), '2048 bytes', '--append', 2],
  ['a line break', () => checkCmdline([], ['a\nb'], x86), '--append "a\\nb" has a line break', 'spaces', 2],
  ['half a pair of quotes', () => checkCmdline([], ['a="b c'], x86), 'without its partner', 'two words', 2],
])('%s is refused', (_what, check, message, hint, exitCode) => {
  const error = (() => {
    try {
      return check();
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(EulabError);
  expect(error).toMatchObject({
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
    exitCode,
  });
});

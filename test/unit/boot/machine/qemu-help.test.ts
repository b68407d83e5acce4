import { expect, test } from 'vitest';
import { cpuHelp, machineHelp, versionOf } from '../../../../src/boot/machine/qemu-help.ts';

test.each([
  ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright', [7, 2]],
  ['QEMU emulator version 10.0.50', [10, 0]],
  ['something else 7.2', undefined],
])('the version in %j', (text, version) => {
  expect(versionOf(text)).toEqual(version);
});

test('the machines', () => {
  const text = 'Supported machines are:\npc                   Standard PC (alias of pc-i440fx-7.2)\nvirt-7.2             ARM\n';
  expect(machineHelp(text)).toEqual(['pc', 'virt-7.2']);
});

test('the CPU models and features, as x86 has them and as arm has them', () => {
  const x86 =
    'Available CPUs:\nx86 486                   (alias configured by machine type)\nx86 EPYC-v1  AMD\n\n' +
    'Recognized CPUID flags:\n  3dnow abm\n  sse4.1 xsaves\n';
  expect(cpuHelp(x86)).toEqual({ models: ['486', 'EPYC-v1'], features: ['3dnow', 'abm', 'sse4.1', 'xsaves'] });
  expect(cpuHelp('Available CPUs:\n  a64fx\n  cortex-a57\n')).toEqual({ models: ['a64fx', 'cortex-a57'], features: [] });
  expect(cpuHelp('any\nrv64\nx-rv128\n')).toEqual({ models: ['any', 'rv64', 'x-rv128'], features: [] });
});

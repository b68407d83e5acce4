import { expect, test } from 'vitest';
import { probeRom } from '../../../../src/boot/machine/kvm-probe.ts';

test('the firmware fills 64 KiB, jumps from the reset vector, and stops where it has nothing to do', () => {
  const rom = Buffer.from(probeRom());
  expect(rom.length).toBe(65536);
  // The near jump at 0xfff0 leads to 0xff00, where the code begins with cli.
  expect(rom[0xfff0]).toBe(0xe9);
  expect((0xfff3 + rom.readUInt16LE(0xfff1)) & 0xffff).toBe(0xff00);
  expect(rom[0xff00]).toBe(0xfa);
  expect(rom[0]).toBe(0xf4);
});

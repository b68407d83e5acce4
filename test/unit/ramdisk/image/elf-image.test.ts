import { expect, test } from 'vitest';
import { bytesOf } from '../../../../src/ramdisk/image/bytes.ts';
import { elfImage } from '../../../../src/ramdisk/image/elf-image.ts';
import { elf, note, pvhNote } from '../../../images.ts';

const image = (bytes: Uint8Array) => elfImage(bytesOf(bytes));

test.each([
  ['another note of Xen’s', note('Xen', 17, Buffer.alloc(4)), false],
  ['the same number from another', note('GNU', 18, Buffer.alloc(8)), false],
  ['the note', pvhNote, true],
  [
    'the note behind others, padded as they are',
    Buffer.concat([note('Linux', 1, Buffer.alloc(5)), note('Xen', 6, Buffer.from('linux\0')), pvhNote]),
    true,
  ],
  ['no note', Buffer.alloc(0), false],
  ['notes that are cut', pvhNote.subarray(0, 11), false],
])('PVH: %s', (_what, data, pvh) => {
  expect(image(elf(62, [{ type: 4, data }]))?.pvh).toBe(pvh);
});

test('machine, kind and loader', () => {
  expect(image(elf(243, [{ type: 3, data: Buffer.from('/lib/ld.so.1\0') }], 3))).toMatchObject({
    bits: 64,
    kind: 'library',
    machine: 'riscv',
    interpreter: '/lib/ld.so.1',
  });
  expect(image(elf(9999))).toMatchObject({ machine: 'CPU 9999', interpreter: undefined });
});

test('no ELF file is none, and a cut one is cut', () => {
  expect(image(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
  const whole = elf(62, [{ type: 1, data: Buffer.alloc(1000) }]);
  expect(image(whole)?.cut).toBeUndefined();
  expect(image(whole.subarray(0, -1))?.cut).toEqual({ end: whole.length });
});

test('wild numbers in the headers are no crash', () => {
  for (let at = 0; at < 120; at += 1) {
    const wild = elf(62, [{ type: 4, data: pvhNote }]);
    wild.writeUInt8(0xff, at);
    expect(() => image(wild), `byte ${at}`).not.toThrow();
  }
});

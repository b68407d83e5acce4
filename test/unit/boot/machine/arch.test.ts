import { expect, test } from 'vitest';
import { kernelKind } from '../../../../src/boot/machine/arch.ts';

/** 4096 bytes that are 0 but for what stands at the offsets. */
function head(places: Record<number, string>): Uint8Array {
  const bytes = new Uint8Array(4096);
  for (const [offset, text] of Object.entries(places)) bytes.set(Buffer.from(text, 'latin1'), Number(offset));
  return bytes;
}

const elf = (machine: number) => head({ 0: '\x7fELF\x02\x01\x01', 18: String.fromCharCode(machine) });

test.each([
  ['a bzImage', head({ 514: 'HdrS' }), { arch: 'x86_64', form: 'bzImage' }],
  ['a vmlinux of x86', elf(62), { arch: 'x86_64', form: 'ELF' }],
  ['a vmlinux of arm64', elf(183), { arch: 'aarch64', form: 'ELF' }],
  ['a vmlinux of riscv', elf(243), { arch: 'riscv64', form: 'ELF' }],
  ['an Image of arm64', head({ 0: 'MZ', 56: 'ARMd' }), { arch: 'aarch64', form: 'Image' }],
  ['an Image of riscv', head({ 0: 'MZ', 56: 'RSC\x05' }), { arch: 'riscv64', form: 'Image' }],
  ['an EFI zboot', head({ 0: 'MZ\0\0zimg', 60: '\x40', 64: 'PE\0\0\x64\xaa' }), { arch: 'aarch64', form: 'zboot' }],
  ['another CPU’s program', elf(21), undefined],
  ['text', head({ 0: 'hello' }), undefined],
  ['nothing', new Uint8Array(), undefined],
  ['a few bytes', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), undefined],
])('%s', (_what, bytes, kind) => {
  expect(kernelKind(bytes)).toEqual(kind);
});

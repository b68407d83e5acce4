import { expect, test } from 'vitest';
import { type InitramfsFacts, initramfsFault, type Unpacker } from '../../../../src/boot/image/initramfs-fault.ts';
import { configOf } from '../../../../src/boot/image/kernel-config.ts';

const mebibyte = 1024 * 1024;
const sound: InitramfsFacts = {
  compressions: ['gzip'],
  opaque: false,
  fileBytes: mebibyte,
  unpackedBytes: 3 * mebibyte,
  start: { fault: undefined, needs: ['CONFIG_BINFMT_ELF'] },
  microcodeOnly: false,
};
const config = (...more: string[]) =>
  configOf(['CONFIG_BLK_DEV_INITRD=y', 'CONFIG_RD_GZIP=y', 'CONFIG_BINFMT_ELF=y', ...more, ''].join('\n'), 'config');
const kernel = { path: 'bzImage', facts: { payload: { bytes: 30 * mebibyte } } };
const machine: Unpacker = { kernel, config: config(), memoryBytes: 512 * mebibyte, words: [], arch: 'x86_64' };
const fault = (facts: Partial<InitramfsFacts>, on: Partial<Unpacker> = {}) =>
  initramfsFault({ ...sound, ...facts }, { ...machine, ...on })?.what;

test('a sound one has none, with or without a known configuration', () => {
  expect([fault({}), fault({}, { config: undefined, kernel: undefined })]).toEqual([undefined, undefined]);
});

test.each<[string, string | undefined]>([
  ['CONFIG_RD_XZ=y', undefined],
  ['# CONFIG_RD_XZ is not set', 'is xz-compressed, and bzImage cannot unpack that: CONFIG_RD_XZ is not set in config'],
])('xz and %s', (line, what) => {
  expect(fault({ compressions: ['none', 'xz'] }, { config: config(line) })).toBe(what);
});

test.each<[string, Partial<Unpacker>, string | undefined]>([
  ['x86-64', {}, undefined],
  ['arm64', {}, 'has an /init that is a program for arm64, and the guest is x86-64'],
  ['arm64', { arch: 'aarch64' }, undefined],
  ['riscv', { arch: 'aarch64' }, 'has an /init that is a program for riscv, and the guest is arm64'],
  ['riscv', { arch: 'riscv64' }, undefined],
  ['arm64', { words: ['rdinit=/other'] }, undefined],
])('an /init for %s, in a guest of %j', (program, on, what) => {
  const start = { ...sound.start, machine: program };
  expect(fault({ start }, { config: undefined, kernel: undefined, ...on })).toBe(what);
});

test('a kernel that takes no initramfs at all, and one whose configuration is not known', () => {
  expect(fault({}, { config: configOf('CONFIG_RD_GZIP=y\n', 'config') })).toContain(
    'takes no initramfs, CONFIG_BLK_DEV_INITRD is not set',
  );
  expect(fault({ compressions: ['zstd'] }, { config: undefined })).toBeUndefined();
});

test.each<[string, Partial<InitramfsFacts>, Partial<Unpacker>, string | undefined]>([
  ['fits', { unpackedBytes: 200 * mebibyte }, {}, undefined],
  [
    'does not fit beside the kernel',
    { unpackedBytes: 482 * mebibyte },
    {},
    'needs 513 MiB of memory with the kernel and all that is unpacked, and the guest has 512 MiB',
  ],
  ['fits into all of it', { unpackedBytes: 300 * mebibyte }, {}, undefined],
  [
    'does not fit into half of it',
    { unpackedBytes: 300 * mebibyte },
    { config: config('CONFIG_TMPFS=y') },
    'unpacks to 300 MiB, may take half of the memory, and the guest has 512 MiB',
  ],
  [
    'need not, with another root',
    { unpackedBytes: 300 * mebibyte },
    { config: config('CONFIG_TMPFS=y'), words: ['root=/dev/vda'] },
    undefined,
  ],
])('memory: %s', (_what, facts, on, what) => {
  expect(fault(facts, on)).toBe(what);
});

const none = { start: { fault: 'has no /init', needs: [] } };

test.each<[string, Partial<InitramfsFacts>, Partial<Unpacker>, string | undefined]>([
  ['nothing to start', none, {}, 'has no /init'],
  [
    'microcode alone',
    { ...none, microcodeOnly: true },
    {},
    'has microcode for the CPU and no /init: the kernel would have nothing to start',
  ],
  ['another program to start', none, { words: ['quiet rdinit=/bin/sh'] }, undefined],
  ['another root', none, { words: ['root=/dev/vda'] }, undefined],
  ['what nobody could unpack', { ...none, opaque: true }, {}, undefined],
  [
    'scripts that this kernel cannot run',
    { start: { fault: undefined, needs: ['CONFIG_BINFMT_SCRIPT'] } },
    {},
    'has an /init that the kernel cannot run: CONFIG_BINFMT_SCRIPT is not set in config',
  ],
])('/init: %s', (_what, facts, on, what) => {
  expect(fault(facts, on)).toBe(what);
});

test.each([
  ['CONFIG_A', 'y'],
  ['CONFIG_B', '"text"'],
  ['CONFIG_C', 'n'],
  ['CONFIG_AB', 'm'],
])('the value of %s', (symbol, value) => {
  expect(configOf('CONFIG_A=y\nCONFIG_B="text"\n# CONFIG_C is not set\nCONFIG_AB=m\n', 'f').value(symbol)).toBe(value);
});

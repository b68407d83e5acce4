import { expect, test } from 'vitest';
import { compressed, hasBuildId, imageVersion, type ReadPlaces, vmlinuxFacts } from '../../../../src/boot/inspection/vmlinux.ts';
import { elf, image, note } from '../../../kernel-files.ts';

const places = (bytes: Uint8Array): ReadPlaces => ({
  length: bytes.length,
  at: (offset, count) => bytes.subarray(offset, offset + count),
});
const id = '00112233445566778899aabbccddeeff01234567';
const banner = 'Linux version 6.1.0-lab (me@here) (gcc (Debian 12) 12.2.0, GNU ld) #3 SMP Thu Jan 1\n\0';

const notes = Buffer.concat([note('Linux', 3, Buffer.from('wrong owner')), note('GNU', 3, Buffer.from(id, 'hex'))]);

test.each([
  ['all', { '.rodata': Buffer.from(`..${banner}`), '.notes': notes, '.debug_info': Buffer.from('x') }, [id, true]],
  ['compressed debug information', { '.rodata': Buffer.from(banner), '.zdebug_info': Buffer.from('x') }, [undefined, true]],
  [
    'none',
    { '.rodata': Buffer.from(banner), '.debug_info': Buffer.alloc(0), '.debug_infos': Buffer.from('x') },
    [undefined, false],
  ],
] as const)('a vmlinux with %s', (_what, contents, [buildId, debugInfo]) => {
  const version = '6.1.0-lab (me@here) #3 SMP Thu Jan 1';
  expect(vmlinuxFacts(places(elf(contents)))).toEqual({ buildId, debugInfo, version });
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['a text', Buffer.from('no ELF file, however long this text may be, and it is more than 64 bytes long')],
  ['cut before its section headers', elf({ '.notes': notes }).subarray(0, 120)],
  ['a bzImage', image(Buffer.from('02214c18', 'hex'))],
])('no vmlinux: %s', (_what, bytes) => {
  expect(vmlinuxFacts(places(bytes))).toBeUndefined();
});

test('the version is in the header of the bzImage, as in the banner of its vmlinux', () => {
  const file = places(image(Buffer.alloc(8)));
  expect(imageVersion(file)).toBe(vmlinuxFacts(places(elf({ '.rodata': Buffer.from(banner) })))?.version);
  expect(imageVersion(places(Buffer.alloc(4096)))).toBeUndefined();
});

test.each([
  ['1f8b0800', 'gzip'],
  ['02214c18', 'lz4'],
  ['fd377a58', 'other'],
])('%s begins what is %s', (magic, kind) => {
  expect(compressed(places(image(Buffer.from(`${magic}0000`, 'hex'))))).toEqual({ kind, offset: 1040, bytes: 6 });
  expect(compressed(places(image(Buffer.from(`${magic}0000`, 'hex')).subarray(0, 1042)))).toBeUndefined();
});

test('a build id is found whole, and by either half', () => {
  const bytes = Buffer.from(id, 'hex');
  const cut = Buffer.concat([Buffer.from('ab'), bytes.subarray(0, 12), Buffer.from('cd'), bytes.subarray(12)]);
  expect([
    hasBuildId(Buffer.concat([Buffer.from('xyz'), bytes]), id),
    hasBuildId(cut, id),
    hasBuildId(bytes.subarray(0, 9), id),
  ]).toEqual([true, true, false]);
});

import { expect, test } from 'vitest';
import { parseSums, placeOf, renderSums } from '../../../src/release/members.ts';

test.each([
  ['bzImage', 'kernel'],
  ['config', 'kernel'],
  ['kernel.provenance.json', 'kernel'],
  ['modules/lib/modules/6.1.0/kernel/net/8021q/8021q.ko', 'kernel'],
  ['modules/lib/modules/6.1.0/modules.dep', 'kernel'],
  ['initramfs.cpio', 'ramdisk'],
  ['initramfs.cpio.zst', 'ramdisk'],
  ['ramdisk.provenance.json', 'ramdisk'],
  ['sbom.cdx.json', 'release'],
  ['SHA256SUMS', 'release'],
])('%s belongs to the %s', (name, place) => {
  expect(placeOf(name)).toBe(place);
});

test.each([
  '',
  '/bzImage',
  './bzImage',
  '../bzImage',
  'bzImage/',
  'kernels/x/bzImage',
  'kernel.manifest.json',
  'vmlinux',
  'storage/disk.img',
  'initramfs.cpio.exe',
  'modules/lib/modules/6.1/../../../../bzImage',
  'modules/lib/modules/..',
  'modules/lib/modules/6.1',
  'modules/lib/modules/6.1/.hidden',
  'modules/lib/modules/6.1//x.ko',
  'modules/lib/modules/6.1/x\n.ko',
])('%j has no place in a release', (name) => {
  expect(placeOf(name)).toBeUndefined();
});

test('a list of digests comes back as it was, sorted', () => {
  const digests = new Map([
    ['config', 'b'.repeat(64)],
    ['bzImage', 'a'.repeat(64)],
  ]);
  const text = renderSums(digests);
  expect(text).toBe(`${'a'.repeat(64)}  bzImage\n${'b'.repeat(64)}  config\n`);
  expect(parseSums(text, 'f')).toEqual(digests);
  expect(() => parseSums('no digest\n', 'f')).toThrow('f is not taken: its SHA256SUMS has a line that is no digest');
});

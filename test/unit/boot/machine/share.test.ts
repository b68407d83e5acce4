import { expect, test } from 'vitest';
import { escaped, mountOrder, type Share, share, shareArgs, shareWords } from '../../../../src/boot/machine/share.ts';

const absolute = (path: string) => (path.startsWith('/') ? path : `/here/${path}`);
const pci = (name: string) => `${name}-pci`;

test.each<[string, Share]>([
  ['/src', { host: '/src', guest: '/src', writable: true }],
  ['src', { host: '/here/src', guest: '/here/src', writable: true }],
  ['src:ro', { host: '/here/src', guest: '/here/src', writable: false }],
  ['/src:/mnt/s', { host: '/src', guest: '/mnt/s', writable: true }],
  ['/src:/mnt/s:ro', { host: '/src', guest: '/mnt/s', writable: false }],
  ['/src:/mnt//s/:rw', { host: '/src', guest: '/mnt/s', writable: true }],
  ['/a\\:b:/c', { host: '/a:b', guest: '/c', writable: true }],
  ['/a\\\\b', { host: '/a\\b', guest: '/a\\b', writable: true }],
  ['ro', { host: '/here/ro', guest: '/here/ro', writable: true }],
  ['/a b,c\n', { host: '/a b,c\n', guest: '/a b,c\n', writable: true }],
])('%j is a share', (text, expected) => {
  expect(share(text, absolute)).toEqual(expected);
});

test.each([
  ['', 'is not HOSTDIR'],
  [':/mnt', 'is not HOSTDIR'],
  ['/a:/b:/c', 'is not HOSTDIR'],
  ['/a:/b:rx', 'is not HOSTDIR'],
  ['/a:b', "the guest's folder b is not absolute"],
  ['/a:/mnt/../etc', 'has . or .. in it'],
  ['/', 'the guest needs its own /'],
  ['/a:/proc/x', 'the guest needs its own /proc/x'],
  ['/a:/dev', 'the guest needs its own /dev'],
])('%j is none', (text, why) => {
  expect(() => share(text, absolute)).toThrow(why);
});

test('parents are mounted first, and two folders at one place are refused', () => {
  const at = (guest: string): Share => ({ host: '/x', guest, writable: true });
  expect(mountOrder([at('/a/b/c'), at('/a'), at('/a/b')]).map(({ guest }) => guest)).toEqual(['/a', '/a/b', '/a/b/c']);
  expect(() => mountOrder([at('/a'), at('/b'), at('/a')])).toThrow('--share /a: two folders cannot be at one place');
});

test('the arguments: commas are doubled, what is for reading is so for QEMU too', () => {
  const shares = [
    { host: '/a,b', guest: '/m', writable: true },
    { host: '/c', guest: '/n', writable: false },
  ];
  expect(shareArgs(shares, pci)).toEqual([
    ...['-fsdev', 'local,id=share0,path=/a,,b,security_model=none,multidevs=remap'],
    ...['-device', 'virtio-9p-pci,fsdev=share0,mount_tag=share0'],
    ...['-fsdev', 'local,id=share1,path=/c,security_model=none,multidevs=remap,readonly=on'],
    ...['-device', 'virtio-9p-pci,fsdev=share1,mount_tag=share1'],
  ]);
  expect(shareWords(shares, '/m/x y')).toEqual([
    'eulab.share=share0:9p:rw:/m',
    'eulab.share=share1:9p:ro:/n',
    'eulab.cwd=/m/x\\0040y',
  ]);
});

test('a path of any bytes is one word for the kernel, and can be read back', () => {
  const path = `/${Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1)).join('')}/é\n`;
  const word = escaped(path);
  expect(word).toMatch(/^[A-Za-z0-9_./+@,\\-]+$/);
  const back = Buffer.from(
    word.replaceAll(/\\0(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    'latin1',
  );
  expect(back.toString()).toBe(path);
});

import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { baseOf, layoutOf } from '../../../../src/ramdisk/additions/layout.ts';
import { newc } from '../../../../src/ramdisk/cpio.ts';
import { directory, type Entry, file, symlink } from '../../../../src/ramdisk/entry.ts';
import { bytesOf } from '../../../../src/ramdisk/image/bytes.ts';
import { entriesOf } from '../../../../src/ramdisk/image/read.ts';

const entries: Entry[] = [
  directory('bin'),
  file('bin/busybox', new Uint8Array(3)),
  symlink('bin/sh', 'busybox'),
  symlink('init', 'bin/busybox'),
  directory('usr'),
  symlink('usr/bin', '../bin'),
  symlink('usr/loop', 'loop'),
  symlink('sbin', '/usr/bin'),
];
const layout = await layoutOf(entriesOf(bytesOf(await buffer(newc(entries)))));

test('the layout of an archive', () => {
  expect(layout.folders).toEqual(['bin', 'usr']);
  expect(layout.files).toEqual(['bin/busybox']);
  expect(layout.links).toContainEqual(['usr/bin', '../bin']);
});

test.each([
  ['usr/bin/x', 'bin/x'],
  ['sbin/x', 'bin/x'],
  ['sbin', 'sbin'],
  ['usr/bin', 'usr/bin'],
  ['new/folder/x', 'new/folder/x'],
  ['usr/loop/x', 'usr/loop/x'],
  ['x', 'x'],
])('the kernel gets to %s at %s', (path, place) => {
  expect(baseOf(layout).canonical(path)).toBe(place);
});

test('links of a layer count like those of the base', () => {
  expect(baseOf(layout, [['lib', 'usr/lib']]).canonical('lib/x/y')).toBe('usr/lib/x/y');
});

test('folders and files, through links', () => {
  const base = baseOf(layout);
  expect(['bin', 'sbin', 'usr/bin', 'init', 'usr/loop', 'nowhere'].map(base.folder)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(['bin/sh', 'usr/bin/sh', 'sbin/busybox', 'init', 'bin', 'bin/bash'].map(base.file)).toEqual([
    ...[true, true, true, true, false, false],
  ]);
});

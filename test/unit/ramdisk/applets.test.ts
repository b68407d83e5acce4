import { expect, test } from 'vitest';
import { applets, busyboxTree } from '../../../src/ramdisk/applets.ts';

/** Something like a busybox: code, then the table of names, then other strings. */
function binary(names: readonly string[], before = '\x80\x03\x00'): Uint8Array {
  return Buffer.from(`\x7fELF some code${before}${names.join('\0')}\0\0PATH=/bin\0`, 'latin1');
}

const names = ['[', '[[', 'ash', 'busybox', 'fsck.minix', 'ip6tables_x', 'sh', 'start-stop-daemon', 'zcip'];

test('the names of the table, wherever it lies', () => {
  expect(applets(binary(names), 'b')).toEqual(names);
  // What comes before the table is another object of the linker's choice, which may well end without a NUL.
  expect(applets(binary(names, '\x80\x03'), 'b')).toEqual(names);
  const inside = Buffer.concat([Buffer.alloc(5, 0x5b), binary(names)]).subarray(5);
  expect(applets(inside, 'b')).toEqual(names);
});

test('a shell that has "[" and "[[" among its words is no busybox', () => {
  expect(() => applets(Buffer.from('\0[\0[[\0zz\0aa\0\0'), 'dash')).toThrow('dash is no busybox');
  expect(() => applets(Buffer.from('nothing of the kind'), 'f')).toThrow('f is no busybox: it has no table of applets');
  expect(() => applets(Buffer.from('\0[\0[[\0cat'), 'f')).toThrow('f is no busybox');
});

test('the first look-alike does not hide the table', () => {
  const bytes = Buffer.concat([Buffer.from('\0[\0[[\0]]\0!\0\0'), binary(names)]);
  expect(applets(bytes, 'b')).toEqual(names);
});

test('the tree has one folder of programs, to which the others lead', () => {
  const bytes = binary(['[', '[[', 'busybox', 'sh']);
  const shown = busyboxTree(bytes, 'b').map((entry) => `${entry.path}${entry.type === 'symlink' ? ` -> ${entry.target}` : ''}`);
  expect(shown).toEqual([
    'bin',
    'bin/[ -> busybox',
    'bin/[[ -> busybox',
    'bin/busybox',
    'bin/sh -> busybox',
    'sbin -> bin',
    'usr',
    'usr/bin -> ../bin',
    'usr/sbin -> ../bin',
  ]);
  const program = busyboxTree(bytes, 'b').find(({ path }) => path === 'bin/busybox');
  expect(program).toMatchObject({ type: 'file', mode: 0o755, size: bytes.length });
});

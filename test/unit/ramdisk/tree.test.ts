import { expect, test } from 'vitest';
import { directory, type Entry, file, symlink } from '../../../src/ramdisk/entry.ts';
import { compare, merge, parents, tree } from '../../../src/ramdisk/tree.ts';

const empty = (path: string) => file(path, new Uint8Array(0));
const paths = (entries: readonly Entry[]) => entries.map(({ path }) => path);
const merged = async (base: Entry[], over: Entry[]) => {
  const found = [];
  for await (const entry of merge(base, over)) found.push(`${entry.path} ${entry.type}`);
  return found;
};

test('walk order: a folder, what is in it, then its sibling', () => {
  expect(['a-b', 'a/b', 'a', 'ab', 'a/b/c', 'B', 'é', 'z'].sort(compare)).toEqual([
    'B',
    'a',
    'a/b',
    'a/b/c',
    'a-b',
    'ab',
    'z',
    'é',
  ]);
});

test('missing folders are added, before what is in them', () => {
  expect(paths(tree([empty('usr/share/x'), empty('usr/bin/y'), empty('a')]))).toEqual([
    'a',
    'usr',
    'usr/bin',
    'usr/bin/y',
    'usr/share',
    'usr/share/x',
  ]);
});

test('a folder that is given keeps its permissions', () => {
  expect(tree([empty('tmp/x'), directory('tmp', 0o1777)])[0]).toMatchObject({ path: 'tmp', mode: 0o1777 });
});

test.each([
  ['a path twice', [empty('a'), symlink('a', 'b')], 'a is there twice'],
  ['something in a symlink', [symlink('bin', 'usr/bin'), empty('bin/sh')], 'bin/sh lies in bin, which is a symlink'],
])('refuses %s', (_what, entries, reason) => {
  expect(() => tree(entries)).toThrow(reason);
});

test('parents, outermost first', () => {
  expect(parents('a/b/c')).toEqual(['a', 'a/b']);
  expect(parents('a')).toEqual([]);
});

test('merging keeps the order and lets the second win', async () => {
  const base = [directory('bin'), empty('bin/sh'), directory('etc'), empty('etc/passwd'), empty('z')];
  const over = [directory('dev'), directory('etc', 0o700), symlink('etc/passwd', 'x'), empty('init')];
  expect(await merged(base, over)).toEqual([
    'bin directory',
    'bin/sh file',
    'dev directory',
    'etc directory',
    'etc/passwd symlink',
    'init file',
    'z file',
  ]);
});

test.each([
  ['the base', [empty('b'), empty('a')], []],
  ['the other', [empty('z')], [empty('b'), empty('a')]],
])('refuses %s out of order', async (_which, base, over) => {
  await expect(merged(base, over)).rejects.toThrow('a comes after b');
});

test('refuses what lies in no folder: the kernel makes none', async () => {
  await expect(merged([empty('usr/bin/x')], [])).rejects.toThrow('usr/bin/x lies in no folder: usr/bin is not there');
});

test('refuses what lies in a file', () => {
  expect(() => tree([empty('a'), empty('a/b/c')])).toThrow('a/b/c lies in a, which is a file');
});

test.each([
  ['sorted as texts', [directory('a'), empty('a-b'), empty('a/b')], [], 'a/b comes after a-b'],
  ['with a path twice', [empty('a'), empty('a')], [], 'a comes after a'],
  ['whose folder became a symlink', [directory('a'), empty('a/b')], [symlink('a', 'c')], 'a/b lies in no folder'],
])('refuses a base %s', async (_what, base, over, reason) => {
  await expect(merged(base, over)).rejects.toThrow(reason);
});

import { expect, test } from 'vitest';
import { bytesOf } from '../../../../src/ramdisk/image/bytes.ts';
import { differences } from '../../../../src/ramdisk/image/difference.ts';
import { inspect } from '../../../../src/ramdisk/image/inspect.ts';
import { modeText, treeLines } from '../../../../src/ramdisk/image/listing.ts';
import { shown } from '../../../../src/ramdisk/image/path.ts';
import { barTable, largest } from '../../../../src/ramdisk/image/sizes.ts';
import { survey } from '../../../../src/ramdisk/image/survey.ts';
import { treemap } from '../../../../src/ramdisk/image/treemap.ts';
import { type RawEntry, raw } from '../../../archive.ts';

const script: RawEntry = { name: 'init', data: '#!/bin/sh\n' };
const dir = (name: string): RawEntry => ({ name, mode: 0o040755 });
const link = (name: string, data: string): RawEntry => ({ name, mode: 0o120777, data });
const elf = Buffer.alloc(64);
elf.write('7f454c46020101', 'hex');
elf.writeUInt16LE(2, 16);
elf.writeUInt16LE(62, 18);
const program = (name: string): RawEntry => ({ name, data: elf });

test.each<[string, RawEntry[], string[]]>([
  ['a program', [program('init')], []],
  [
    'an /init behind a link, with paths of all kinds',
    [dir('./bin'), program('bin/init'), link('/init', 'bin/init')],
    ['path-absolute'],
  ],
  ['nothing to start', [dir('bin')], ['init-not-in-initramfs']],
  ['a script without its interpreter', [script], ['init-interpreter-missing']],
  ['an interpreter that is lost', [script, program('bin/sh')], ['init-interpreter-missing', 'parent-missing']],
  ['a path that leads up', [program('../init')], ['path-above']],
  ['a folder in the way', [program('init'), dir('a'), dir('a/b'), { name: 'a' }], ['in-the-way']],
  ['a console that leads nowhere', [program('init'), link('dev/console', 'x')], ['init-without-console']],
  ['a console that is a pipe', [program('init'), { name: 'dev/console', mode: 0o010600 }], ['console-elsewhere']],
  ['a type that is none', [program('init'), { name: 'x', mode: 0o755 }], ['type-unknown']],
])('%s is warned of by name', async (_what, entries, names) => {
  const { warnings } = await inspect(bytesOf(raw(...entries)));
  expect(warnings.map(({ name }) => name)).toEqual(names);
});

test('an init for another CPU than that of the kernel at hand is warned of; without a kernel nobody knows', async () => {
  const named = async (guest: 'x86_64' | 'aarch64' | undefined) =>
    (await inspect(bytesOf(raw(program('init'))), guest)).warnings
      .map(({ name }) => name)
      .filter((name) => name.startsWith('init-wrong'));
  expect([await named('x86_64'), await named('aarch64'), await named(undefined)]).toEqual([[], ['init-wrong-format'], []]);
});

test('bytes behind the last archive are warned of', async () => {
  const { warnings } = await inspect(bytesOf(Buffer.concat([raw(program('init')), Buffer.from('????')])));
  expect(warnings).toMatchObject([{ name: 'initramfs-format-unknown', level: 'warning' }]);
});

test('of very many warnings a few are told, and how many there are', async () => {
  const { warnings } = await inspect(bytesOf(raw(program('init'), ...Array.from({ length: 25 }, () => ({ name: 'no/x' })))));
  expect(warnings).toHaveLength(11);
  expect(warnings.at(-1)?.text).toBe('has 15 more of these');
});

test('what is different between two images', async () => {
  const look = (...entries: RawEntry[]) => survey(bytesOf(raw(...entries)), { digest: true });
  const before = await look(dir('d'), { name: 'same' }, { name: 'text', data: 'abc' }, { name: 'gone' }, link('l', 'a'), {
    name: 't',
  });
  const after = await look(dir('d'), { name: 'same' }, { name: 'text', data: 'abd', mode: 0o100600 }, link('l', 'b'), dir('t'), {
    name: 'new',
  });
  expect(differences(before, after)).toEqual([
    { kind: 'removed', path: 'gone' },
    { kind: 'changed', path: 'l', what: ['target a -> b'] },
    { kind: 'added', path: 'new' },
    { kind: 'changed', path: 't', what: ['file -> directory'] },
    { kind: 'changed', path: 'text', what: ['mode 755 -> 600', 'content'] },
  ]);
  expect(differences(before, before)).toEqual([]);
});

test.each([
  [0o100755, '-rwxr-xr-x'],
  [0o041777, 'drwxrwxrwt'],
  [0o104644, '-rwSr--r--'],
  [0o102711, '-rwx--s--x'],
  [0o020600, 'crw-------'],
  [0o120777, 'lrwxrwxrwx'],
])('a mode of %o is %s', (mode, text) => expect(modeText(mode)).toBe(text));

test('a tree is drawn, also of folders that no entry names', () => {
  expect(
    treeLines([
      ['a/b', ''],
      ['a/c', ' -> b'],
      ['z', ''],
    ]),
  ).toEqual(['/', '├── a', '│   ├── b', '│   └── c -> b', '└── z']);
});

test('no text of an archive reaches the terminal as a command to it', () => {
  expect(shown('a\u001b[31m\nb\\\u202e')).toBe('a\\u{1b}[31m\\nb\\\\\\u{202e}');
});

test('the largest come first, with a bar', () => {
  const rows = largest(
    [
      ['a/b', 30],
      ['a/c', 10],
      ['d', 40],
    ],
    3,
  );
  expect(rows.map(({ path, bytes }) => [path, bytes])).toEqual([
    ['', 80],
    ['a', 40],
    ['d', 40],
  ]);
  expect(barTable(rows, String)[1]).toBe(`        40   50 %  ${'█'.repeat(12)}${'·'.repeat(12)}  /a/`);
});

test('a treemap needs nothing from elsewhere, and names are no markup', () => {
  const page = treemap(
    '<x>',
    [
      ['a/<b>', 30],
      ['c', 10],
    ],
    String,
  );
  expect(page).toContain('<title>/a/&#60;b&#62;: 30</title>');
  expect(page).not.toMatch(/<script|https?:|src=/);
});

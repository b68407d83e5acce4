import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Block, blocks, documents, text } from '../docs/blocks.ts';
import { rehearse, stage } from '../docs/rehearse.ts';
import { turns } from '../docs/transcript.ts';
import { eulab, folder, leftWith, root } from '../eulab.ts';
import { everyHelp, expectReal } from './helps.ts';

const all: readonly Block[] = documents().flatMap((document) => blocks(document, text(document)));
const shells = all.filter(({ language }) => ['sh', 'console'].includes(language));
const commands = shells.filter(({ mark }) => mark?.kind !== 'file');

/** The command lines of a block, each whole. */
function lines({ language, text }: Block): string[] {
  const commands = language === 'console' ? turns(text).map(({ command }) => command) : [text];
  return commands.flatMap((command) => command.replaceAll(/\\\n\s*/g, '').split('\n'));
}

test('every block of commands says whether it is run, and why not', () => {
  expect(shells.length).toBeGreaterThan(50);
  expect(shells.filter(({ mark }) => mark === undefined).map(({ place }) => place)).toEqual([]);
  const run = commands.filter(({ mark }) => mark?.kind === 'run').length;
  // Most of them are.
  expect(run / commands.length).toBeGreaterThan(0.5);
  for (const block of shells.filter(({ language }) => language === 'console')) expect(() => turns(block.text)).not.toThrow();
});

test('no command stands where it would not be run: indented, or in a block of another language', () => {
  for (const document of documents()) {
    const bare = text(document).replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, '');
    expect([document, bare.match(/^ {4,}(\$ )?(eulab|make|npm) .*$/gm)]).toEqual([document, null]);
  }
  const hidden = all.filter(({ language, text }) => !['sh', 'console', 'yaml'].includes(language) && /^\$? ?eulab /m.test(text));
  expect(hidden.map(({ place }) => place)).toEqual([]);
});

test('also the commands that are not run are of verbs and options that there are', async () => {
  expectReal(shells.flatMap(lines), new Map(await everyHelp()));
});

test('every eulab.toml in the documents has no mistakes', async () => {
  const files = all.filter(({ language }) => language === 'toml');
  expect(files.length).toBeGreaterThan(0);
  for (const { place, text } of files) {
    using here = folder();
    writeFileSync(join(here.path, 'eulab.toml'), text);
    const env = { EULAB_CONFIG: undefined, HOME: here.path, XDG_CONFIG_HOME: undefined };
    const { status, stderr } = await eulab(['config', 'check'], { cwd: here.path, env });
    expect([place, status, stderr]).toEqual([place, 0, '']);
  }
});

/** The anchors of a document, as its headings get them. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('every link leads somewhere', () => {
  for (const document of documents()) {
    const bare = text(document).replaceAll(/^\s*```[\s\S]*?^\s*```$/gm, '');
    for (const [, target = ''] of bare.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      expect([document, target, existsSync(join(root, file))]).toEqual([document, target, true]);
      if (anchor === undefined) continue;
      expect(statSync(join(root, file)).isFile()).toBe(true);
      expect([document, target, anchors(text(file))]).toEqual([document, target, expect.arrayContaining([anchor])]);
    }
  }
});

/** What comes of a document when it is rehearsed. */
async function rehearsed(markdown: string): Promise<string | undefined> {
  using here = folder();
  using place = stage(here.path);
  return await rehearse(blocks('d.md', markdown), place);
}

test('a document that is right passes: statuses, output, files and variables hold', async () => {
  const right = [
    ...['```sh run', 'test -z "$(ls)"', 'mkdir a', '```', 'Some text.', '```c file=a/b.c', 'int x;', '```'],
    ...[
      '```console run=3',
      '$ cat a/b.c',
      'int x;',
      '$ x=1',
      '$ echo $x 6.1.9 >&2; echo two',
      '1 6.1.192',
      '...',
      '$ (exit 3)',
      '```',
    ],
    ...['```sh not=root', 'exit 9', '```', '```sh run=42', 'exit 42', 'false', '```', '```toml', 'x = 1', '```'],
    ...['```console run', '$ eulab --version', '0.1.0...', '```'],
  ];
  expect(await rehearsed(`${right.join('\n')}\n`)).toBeUndefined();
});

test.each([
  ['a command that fails', '```sh run\ntrue\nfalse\ntrue\n```', /^d\.md:1: [\s\S]*ended with 1, not with 0/],
  ['a command that should fail', '```sh run=42\ntrue\n```', /ended with 0, not with 42/],
  ['a command in the midst of a transcript', '```console run\n$ false\n$ true\n```', /\$ false\nended with 1/],
  ['other output', '```console run\n$ echo one\ntwo\n```', /said:\none\n[\s\S]*and not:\ntwo/],
  ['more output than is shown', '```console run\n$ echo one; echo two\none\n```', /and not:\none/],
  ['an option that is none', 'Text\n\n```sh run\neulab boot --memroy 1G -- true\n```', /^d\.md:3: [\s\S]*did you mean --memory/],
  ['a shell that cannot read it', '```sh run\nif\n```', /ended with 2/],
])('a document with %s fails, with its place', async (_what, markdown, fault) => {
  expect(await rehearsed(`${markdown}\n`)).toMatch(fault);
});

test('a command that does not end is ended, with what it left in the background', async () => {
  using here = folder();
  using place = stage(here.path);
  const mark = `${process.pid}.25`;
  const never = (line: string) =>
    rehearse(blocks('d.md', `\`\`\`sh run\n${line}\n\`\`\`\n`), place, { limit: '1s', whole: false });
  expect(await never(`sleep 97${mark} & sleep 98${mark}`)).toMatch(/did not end within 1s/);
  expect(await never(`sleep 99${mark} &`)).toBeUndefined();
  expect(await leftWith(mark)).toEqual([]);
});

test.each([
  ['a mark that is none', '```sh ran\ntrue\n```'],
  ['a reason that is none', '```sh not=lazy\ntrue\n```'],
  ['a block that is not closed', '```sh run\ntrue'],
  ['a file elsewhere', '```c file=../x.c\n```'],
])('%s is refused', (_what, markdown) => {
  expect(() => blocks('d.md', markdown)).toThrow('d.md:1');
});

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test as always, expect } from 'vitest';
import { rules } from '../../src/boot/diagnose/diagnose.ts';
import type { Sentence } from '../../src/boot/diagnose/rule.ts';
import { general } from '../docs/diagnoses.ts';
import { eulab, folder, root } from '../eulab.ts';
import { requires } from '../requires.ts';

// docs/reference is written by this test: npx vitest run --project integration test/integration/reference.test.ts -u

const test = requires('mandoc');
const reference = join(root, 'docs/reference');
/** Written by hand. */
const written = ['README.md'];

/** A manual page as Markdown, with links for its references, and without what changes from commit to commit. */
function markdown(page: string, names: readonly string[]): string {
  const text = execFileSync('mandoc', ['-Tmarkdown', page], { encoding: 'utf8' });
  const [, body = ''] = /^.*\n\n([\s\S]*?)\n\n.*\n$/.exec(text) ?? [];
  const linked = body
    .replace(/\nThis is version .*\n/, '')
    .replaceAll(/\b(eulab[\w-]*)\(1\)/g, (whole, name: string) => (names.includes(name) ? `[${name}](${name}.md)` : whole));
  return `${linked}\n`;
}

test('docs/reference has a page of each verb, as its help has it now', async () => {
  using here = folder();
  expect((await eulab(['man', '--output', here.path])).status).toBe(0);
  const pages = readdirSync(here.path).sort();
  const names = pages.map((page) => basename(page, '.1'));
  for (const name of names) {
    await expect(markdown(join(here.path, `${name}.1`), names)).toMatchFileSnapshot(join(reference, `${name}.md`));
  }
  const mine = [...written, 'diagnoses.md', ...names.map((name) => `${name}.md`)];
  // Those that are missing were missed above.
  expect(readdirSync(reference).filter((name) => !mine.includes(name))).toEqual([]);
});

/** A sentence in a cell of a table. */
function cell(sentence: Sentence): string {
  return general(sentence).replaceAll('|', '\\|').replaceAll('<', '\\<').replaceAll(/[*_]/g, '\\$&');
}

always('docs/reference/diagnoses.md has each reason that a boot is known to fail for', async () => {
  const rows = rules.map(({ name, cause, remedy, status }) => `| ${name} | ${cell(cause)} | ${cell(remedy)} | ${status} |`);
  const lines = [
    '# Why a boot fails',
    '',
    'When a machine ends before the status of the command is known, eulab looks at the console and at what QEMU said, and names the',
    'first of these that fits. `name` is what `--json` has as `diagnosis.name`; it does not change. `...` is taken from the console, or says which limit ran out.',
    'The status is of a machine that ended by itself; one that a time limit ended has 124 or 125.',
    '',
    '| name | what eulab says | what it advises | status |',
    '| --- | --- | --- | --- |',
    ...rows,
  ];
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(reference, 'diagnoses.md'));
});

always('the reference by hand names the statuses and the verbs that there are', () => {
  const text = readFileSync(join(reference, 'README.md'), 'utf8');
  for (const name of readdirSync(reference).filter((one) => /^eulab-[a-z]+\.md$/.test(one))) {
    expect(text).toContain(`](${name.replace('.md', '')}`);
  }
  for (const status of ['0', '1', '2', '3', '124', '125', '255']) expect(text).toContain(`\n| ${status} |`);
});

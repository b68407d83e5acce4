import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandUnknownOpts } from 'commander';
import { expect, test } from 'vitest';
import type { Context } from '../../../src/commands/context.ts';
import { verbs } from '../../../src/commands/verbs.ts';
import { labs } from '../../../src/learn/labs.ts';
import { root } from '../../eulab.ts';

const lessons = join(root, 'utils/lessons');
const read = (lab: string, name: string) => readFileSync(join(lessons, lab, name), 'utf8');
const names = labs.map(({ name }) => name);

/** The verbs, as eulab has them. Nothing of it is called. */
const commands = new Map<string, CommandUnknownOpts>();
for (const { name, load } of verbs) commands.set(name, (await load())({} as Context));

/** The calls of eulab in a text: indented lines, with the lines that they go on in. */
function calls(text: string): string[][] {
  const lines = text.replaceAll(/ \\\n +/g, ' ').split('\n');
  return lines.filter((line) => /^ {2}eulab /.test(line)).map((line) => words(line.trim().replace(/ {2,}\S.*$/, '')));
}

/** As a shell divides them, without what comes behind a pipe. */
function words(line: string): string[] {
  return (line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replaceAll(/["']/g, ''));
}

/** Expects that a call's verb, its options and what stands for a lab are there. */
function expectReal([, ...rest]: readonly string[]): void {
  const before = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  let command = commands.get(before[0] ?? '');
  expect([before, command === undefined]).toEqual([before, false]);
  for (const word of before.slice(1)) {
    const below = command?.commands.find((one) => one.name() === word);
    if (below !== undefined) command = below;
    const known =
      command?.options.some(({ long, short }) => [long, short].includes(word.replace(/=.*/, ''))) || word === '--help';
    if (word.startsWith('-')) expect([before.join(' '), word, known]).toEqual([before.join(' '), word, true]);
  }
}

test('there are ten, each with its files, and no others', () => {
  expect(readdirSync(lessons).sort()).toEqual([...names].sort());
  expect(names).toHaveLength(10);
  for (const name of names)
    expect(readdirSync(join(lessons, name))).toEqual(expect.arrayContaining(['end', 'files', 'hints', 'text']));
});

test.each(names)('%s: its texts are a screenful, as wide as a terminal, and call what is there', (name) => {
  const [text, end, hints] = [read(name, 'text'), read(name, 'end'), read(name, 'hints').split(/^--\n/m)];
  const files = readdirSync(join(lessons, name, 'files'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const own = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  for (const each of [text, end, ...hints]) {
    const lines = each.split('\n');
    expect([lines.length < 24, lines.filter((line) => line.length > 78), each.endsWith('\n')]).toEqual([true, [], true]);
  }
  expect(hints.length).toBeGreaterThan(2);
  expect(text).toContain('  eulab learn check');
  expect(text).toContain(`learn/${name}/predict`);
  const all = [text, ...hints, ...own].flatMap(calls);
  expect(all.length).toBeGreaterThan(1);
  for (const call of all) expectReal(call);
  const topics = readdirSync(join(root, 'utils/topics'));
  const referred = [...`${text}${hints.join('')}`.matchAll(/eulab explain (\w+)/g)].map(([, topic]) => topic);
  expect(referred.length).toBeGreaterThan(0);
  expect(topics).toEqual(expect.arrayContaining(referred));
});

test.each(names)('%s: the files that it names are there when it is begun', (name) => {
  const lab = labs.find((one) => one.name === name);
  const files = readdirSync(join(lessons, name, 'files'), { recursive: true }).map(String);
  const there = new Set([...files, ...(lab?.links ?? []).flatMap(([path]) => [path, ...path.split('/').slice(0, -1)])]);
  // What the learner makes.
  if (name === 'cpio') there.add('my.cpio');
  for (const [, path = ''] of read(name, 'text').matchAll(new RegExp(`learn/${name}/([\\w./]+\\w)`, 'g'))) {
    expect([path, there.has(path)]).toEqual([path, true]);
  }
  expect(read(name, 'files/predict')).toMatch(/^[a-z]+:$/m);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, root } from '../eulab.ts';
import { everyHelp, expectReal, helped } from './helps.ts';

test('every verb has two examples or more, each of options that there are', async () => {
  const helps = new Map(await everyHelp());
  expect(helps.size).toBeGreaterThan(30);
  for (const [verb, { examples }] of helps) expect([verb, examples.length > 1]).toEqual([verb, true]);
  expectReal(
    [...helps.values()].flatMap(({ examples }) => examples),
    helps,
  );
});

test('every topic is a screenful, refers to others that there are, and shows itself by calls that there are', async () => {
  const folder = join(root, 'utils/topics');
  const names = readdirSync(folder).sort();
  const { stdout } = await eulab(['explain']);
  expect(
    stdout
      .toString()
      .split('\n')
      .map((line) => line.split(' ')[0])
      .filter(Boolean),
  ).toEqual(names);
  const helps = new Map(
    await Promise.all(
      ['boot', 'build kernel', 'net up', 'net status', 'ramdisk tree', 'ramdisk explain', 'doctor'].map(
        async (verb) => [verb, await helped(verb.split(' '))] as const,
      ),
    ),
  );
  for (const name of names) {
    const text = (await eulab(['explain', name.toUpperCase()])).stdout.toString();
    expect(text).toBe(readFileSync(join(folder, name), 'utf8'));
    const lines = text.split('\n');
    expect([name, lines.length < 24, lines.filter((line) => line.length > 78)]).toEqual([name, true, []]);
    const [, calls = '', more = ''] = /\nSee it:\n((?: {2}.+\n)+)\nMore: ([^;]*);/.exec(text) ?? [];
    expect([name, calls.split('\n').length > 3]).toEqual([name, true]);
    expectReal(calls.split('\n'), helps);
    for (const other of more.split(', ')) expect([name, names]).toEqual([name, expect.arrayContaining([other])]);
  }
  expect(await eulab(['explain', 'initramf'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('did you mean initramfs?'),
  });
});

test('the options of a boot stand in groups, and each in one', async () => {
  const { text } = await helped(['boot']);
  const headings = [...text.matchAll(/^([A-Z][a-z ]+):$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([
    ...['Arguments', 'Kernel', 'Initramfs', 'Machine', 'Disks and folders', 'Network', 'Time', 'Debugging', 'Command', 'Options'],
    ...['Messages', 'Examples'],
  ]);
  const flags = [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
  expect(flags.length).toBeGreaterThan(50);
  expect(new Set(flags).size).toBe(flags.length);
});

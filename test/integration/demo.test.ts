import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { open } from '../chromium.ts';
import { root } from '../eulab.ts';
import { requires } from '../requires.ts';
import { expectReal, helped } from './helps.ts';

const picture = join(root, 'docs/demo.svg');
const [header, ...events] = readFileSync(join(root, 'docs/demo.cast'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

/** The lines of a screen of the cast. */
function screen(event: readonly [number, string, string] | undefined): string[] {
  const [, text = ''] = event?.[2].split('\u001b[H\u001b[2J') ?? [];
  return text.trimEnd().split('\r\n');
}

test('the cast is one, and what is typed in it is of verbs and options that there are', async () => {
  expect(header).toMatchObject({ version: 2, width: expect.any(Number), height: expect.any(Number) });
  for (const [seconds, kind, text] of events) expect([typeof seconds, kind, typeof text]).toEqual(['number', 'o', 'string']);
  expect(events.map(([seconds]) => seconds)).toEqual(events.map(([seconds]) => seconds).toSorted((a, b) => a - b));
  const typed = screen(events.at(-1)).filter((line) => line.startsWith('$ '));
  expect(typed.length).toBeGreaterThan(4);
  expectReal(
    typed.map((line) => line.slice(2)),
    new Map([['boot', await helped(['boot'])]]),
  );
});

requires('chromium')('the picture is small, moves, and shows what the cast has', async () => {
  expect(readFileSync(picture).length).toBeLessThan(100_000);
  await using page = await open(picture);
  const at = (seconds: number) =>
    page.evaluate<string[][]>(`(() => {
      for (const one of document.getAnimations()) { one.pause(); one.currentTime = ${1000 * seconds}; }
      return [...document.querySelectorAll('g[id]')].filter((one) => getComputedStyle(one).opacity === '1')
        .map((one) => [...one.querySelectorAll('use')].map((use) => document.querySelector(use.getAttribute('href')).textContent));
    })()`);
  for (const index of [0, Math.floor(events.length / 2), events.length - 1]) {
    const shown = screen(events[index]).filter((line) => line.trim() !== '');
    expect(await at(events[index][0] + 0.02)).toEqual([shown.map((line) => line.trimEnd())]);
  }
  expect([page.requests, page.said]).toEqual([[], []]);
});

import { expect, test } from 'vitest';
import { labOf, labs, numberOf } from '../../../src/learn/labs.ts';
import type { Kept } from '../../../src/learn/progress.ts';
import { current, following, standings } from '../../../src/learn/standing.ts';
import { placed } from '../../../src/learn/texts.ts';

const begun = (touchedMs: number, doneMs?: number): Kept => ({
  begunMs: 1,
  touchedMs,
  hints: 2,
  checks: 3,
  ...(doneMs === undefined ? {} : { doneMs }),
});

const of = (kept: Record<string, Kept>) => (name: string) => kept[name];

const all = Object.fromEntries(labs.map(({ name }, index) => [name, begun(index, 99)]));

test.each([
  ['nothing begun', {}, undefined, 'pid1'],
  ['the first at hand', { pid1: begun(5) }, 'pid1', 'console'],
  ['the first done', { pid1: begun(5, 5) }, 'pid1', 'console'],
  ['the last one touched is at hand', { pid1: begun(5), dhcp: begun(9), gdb: begun(7) }, 'dhcp', 'cables'],
  ['from the end back to what was left', { ...all, mounts: begun(2), gdb: begun(50, 50) }, 'gdb', 'mounts'],
  ['all done', { ...all, gdb: begun(50, 50) }, 'gdb', undefined],
])('%s', (_what, kept, hand, next) => {
  const lab = current(of(kept));
  expect([lab?.name, following(of(kept), lab)?.name]).toEqual([hand, next]);
});

test('how it stands, as programs are told', () => {
  const list = standings(of({ pid1: begun(5, 1000), console: begun(9) }), () => 4, labOf('console'));
  expect(list).toHaveLength(10);
  expect(list.slice(0, 3)).toMatchObject([
    {
      number: 1,
      name: 'pid1',
      state: 'done',
      hints: 2,
      hintCount: 4,
      checks: 3,
      done: '1970-01-01T00:00:01.000Z',
      current: false,
    },
    { number: 2, name: 'console', state: 'begun', done: null, current: true },
    { number: 3, name: 'mounts', state: 'new', begun: null, hints: 0 },
  ]);
});

test.each([
  ['1', 'pid1'],
  ['10', 'gdb'],
  ['DHCP', 'dhcp'],
])('a lab by %s', (word, name) => {
  const lab = labOf(word);
  expect([lab.name, labs[numberOf(lab) - 1]]).toEqual([name, lab]);
});

test.each([['0'], ['11'], ['dhpc'], ['']])('%j is no lab', (word) => {
  expect(() => labOf(word)).toThrow(`there is no lab ${word}`);
});

test.each([
  ['see learn/pid1/init, and eulab learn check', '../learn', 'see ../learn/pid1/init, and eulab learn check'],
  ['M=learn/module', 'x/learn', 'M=x/learn/module'],
  ['"$(cat learn/cmdline/cmdline)"', 'learn', '"$(cat learn/cmdline/cmdline)"'],
])('%j where learn/ is %j', (text, learn, expected) => {
  expect(placed(text, learn)).toBe(expected);
});

import { expect, test } from 'vitest';
import { chosen } from '../../../src/kernel/chosen.ts';

const config = (text: string) => new Map(text.split(' ').map((each) => each.split('=') as [string, string]));

test('what was chosen, and with it what was asked for before', () => {
  const before = { all: config('A=y B=y C=n D=y N=1'), minimal: config('A=y N=1') };
  const after = { all: config('A=n B=y C=m D=n N=2 E=y'), minimal: config('A=n C=m D=n N=2') };
  // E came with C, and needs not be said; D is on by itself, and was switched off; B is as it was.
  const asked = { user: config('A=y U=y'), all: config('A=y U=y B=y') };
  const { fragment, all } = chosen({ before, after, asked });
  expect([...fragment]).toEqual([...config('A=n C=m D=n N=2')]);
  expect(all).toEqual(config('A=n U=y C=m D=n N=2'));
});

test('nothing was chosen', () => {
  const same = { all: config('A=y'), minimal: config('A=y') };
  expect(chosen({ before: same, after: same, asked: { user: new Map(), all: config('A=y') } }).fragment.size).toBe(0);
});

import { expect, test } from 'vitest';
import { shows, turns } from '../../docs/transcript.ts';

test('a transcript is commands, each with what is shown of its output', () => {
  expect(turns('$ one \\\n> two\nsaid\n> quoted\n$ three\n')).toEqual([
    { command: 'one \\\ntwo', output: 'said\n> quoted' },
    { command: 'three', output: undefined },
  ]);
  expect(() => turns('said\n$ one\n')).toThrow('begins with output: said');
});

test.each([
  ['one', 'one\n', true],
  ['one', 'one \n\n', true],
  ['one', 'two\n', false],
  ['one', 'one\ntwo\n', false],
  ['one\n...', 'one\ntwo\nthree\n', true],
  ['...\nthree', 'one\ntwo\nthree\n', true],
  ['one\n...', 'one\n', true],
  ['from ... to', 'from here to\n', true],
  ['Linux 6.1.192-lab', 'Linux 6.12.3-lab\n', true],
  ['Linux 6.1.192-lab', 'Linux 6.12.3-debug\n', false],
  ['took 34.7 ms', 'took 169 ms\n', true],
  ['took 169 ms', 'took 34.7 ms\n', true],
  ['took 169 apples', 'took 34 apples\n', false],
  ['10.1.0.1 answers', '10.1.0.2 answers\n', false],
  ['a+b (c) [d] $1', 'a+b (c) [d] $1\n', true],
  ['NAME   SIZE', 'NAME SIZE\n', true],
  ['firmware   ███   169 ms', 'firmware █        34.7 ms\n', true],
  ['exit 42', 'exit 43\n', false],
])('shown as %j, said as %j: %j', (output, said, same) => {
  expect(shows(output, said)).toBe(same);
});

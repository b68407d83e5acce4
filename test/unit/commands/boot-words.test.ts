import { expect, test } from 'vitest';
import { divided } from '../../../src/commands/boot-words.ts';

test.each<[string, string[], string[], string | undefined, string[]]>([
  ['nothing', [], ['boot'], undefined, []],
  ['a machine', ['web'], ['boot', 'web'], 'web', []],
  ['a command', ['uname', '-a'], ['boot', '--', 'uname', '-a'], undefined, ['uname', '-a']],
  ['a machine and a command', ['web', 'ls'], ['boot', 'web', '-m', '1G', '--', 'ls'], 'web', ['ls']],
  ['a command with -- in it', ['a', '--', 'b'], ['boot', '--', 'a', '--', 'b'], undefined, ['a', '--', 'b']],
  ['a value that is --', ['a'], ['boot', '--append', '--', '--', 'a'], undefined, ['a']],
  ['a machine and nothing behind --', ['web'], ['boot', 'web', '--'], 'web', []],
])('%s', (_what, words, line, machineName, behind) => {
  expect(divided(words, line)).toEqual({ machineName, behind });
});

test('two machines are one too many', () => {
  expect(() => divided(['a', 'b'], ['boot', 'a', 'b'])).toThrow('boot takes the name of one machine, not a b');
});

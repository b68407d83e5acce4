import { expect, test } from 'vitest';
import { quote, show } from '../../src/command.ts';

test.each([
  ['plain', 'plain'],
  ['a/b-c.d_e@f%g+h=i:j,k', 'a/b-c.d_e@f%g+h=i:j,k'],
  ['', "''"],
  ['two words', "'two words'"],
  ["it's", `'it'\\''s'`],
  ['$HOME', "'$HOME'"],
  ['a\nb', "'a\nb'"],
  ['~', "'~'"],
  ['é', "'é'"],
])('%j as a word of the shell', (word, quoted) => {
  expect(quote(word)).toBe(quoted);
});

test('a call with environment, folder and root', () => {
  const command = { file: 'ip', args: ['link', 'add', 'a b'], env: { LC_ALL: 'C' }, cwd: '/tmp/x y', root: true as const };
  expect(show(command)).toBe("(cd '/tmp/x y' && sudo env LC_ALL=C ip link add 'a b')");
});

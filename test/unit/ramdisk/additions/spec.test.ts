import { expect, test } from 'vitest';
import { addition, checkPlace, patternOf } from '../../../../src/ramdisk/additions/spec.ts';

test.each([
  ['a', 'a', undefined],
  ['a:/b', 'a', '/b'],
  ['a b/*.sh:/tests/', 'a b/*.sh', '/tests/'],
  ['a\\:b:/c//d', 'a:b', '/c/d'],
])('--add %s', (text, from, to) => {
  expect(addition(text)).toMatchObject({ from, to });
});

test.each([
  ['', 'is not SRC[:DST]'],
  [':/b', 'is not SRC[:DST]'],
  ['a:', 'is not SRC[:DST]'],
  ['a:/b:/c', 'is not SRC[:DST]'],
  ['a:b', 'is not absolute'],
  ['a:/b/../c', 'has . or .. in it'],
  ['a:/proc/x', 'mounts something there'],
  ['a://dev/x', 'mounts something there'],
  ['a:/sys', 'mounts something there'],
])('--add %j is refused: %s', (text, why) => {
  expect(() => addition(text)).toThrow(why);
});

test('names that begin like those of what is mounted are as good as any', () => {
  for (const place of ['/device', '/process/x', '/a/dev/x', '/system']) expect(() => checkPlace('x', place)).not.toThrow();
});

test.each([
  ['*', ['a', 'a.b', ''], ['.a']],
  ['*.sh', ['a.sh', '*.sh'], ['a.shx', '.sh', 'axsh']],
  ['?', ['a'], ['ab', '', '.']],
  ['.*', ['.a', '.'], ['a']],
  ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
  ['[!a]x', ['bx'], ['ax']],
  ['[', ['['], ['a']],
  ['a+(b)', ['a+(b)'], ['aab', 'ab']],
])('the pattern %s', (pattern, matching, others) => {
  for (const name of matching) expect(patternOf(pattern).test(name), name).toBe(true);
  for (const name of others) expect(patternOf(pattern).test(name), name).toBe(false);
});

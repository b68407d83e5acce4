import { expect, test } from 'vitest';
import { again } from '../../../src/commands/again.ts';

test.each([
  [['--set', 'CONFIG_A=y'], 'eulab build kernel --set CONFIG_A=y'],
  [['-q', '--json', '--events', 'fd:3', '--force'], 'eulab build kernel --force'],
  [['--events=-', '--debug', '-v', '--verbose', '--quiet'], 'eulab build kernel'],
  [['--', '-v', '--json'], 'eulab build kernel -- -v --json'],
  [['--name', 'two words'], "eulab build kernel --name 'two words'"],
])('the call that does %j again', (behind, expected) => {
  expect(again(['build', 'kernel'], behind)).toBe(expected);
});

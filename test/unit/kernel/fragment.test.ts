import { expect, test } from 'vitest';
import { EulabError } from '../../../src/errors.ts';
import { merge, parse, render, setting } from '../../../src/kernel/fragment.ts';

test('a fragment gives each symbol the value that counts', () => {
  const text = `# a comment, and CONFIG_NOT=y in it
CONFIG_A=y
CONFIG_B=m
# CONFIG_C is not set
CONFIG_D="a \\"b\\" # c"
CONFIG_E=0x1000
CONFIG_F=-5\t
CONFIG_G=y   # why
CONFIG_H=""
CONFIG_3c59x=y\r
CONFIG_A=n
`;
  expect([...parse(text, 'f')]).toEqual([
    ['A', 'n'],
    ['B', 'm'],
    ['C', 'n'],
    ['D', '"a \\"b\\" # c"'],
    ['E', '0x1000'],
    ['F', '-5'],
    ['G', 'y'],
    ['H', '""'],
    ['3c59x', 'y'],
  ]);
});

test.each([
  ['CONFIG_A=y\nfoo\n', 'my.config:2: not a setting: foo'],
  ['CONFIG_A=yes', 'my.config:1: not a setting: CONFIG_A=yes'],
  ['A=y', 'my.config:1: not a setting: A=y'],
  ['CONFIG_A=', 'my.config:1: not a setting: CONFIG_A='],
  ['\n\nCONFIG_A="open', 'my.config:3: not a setting: CONFIG_A="open'],
  ['CONFIG_A="a" "b"', 'my.config:1: not a setting: CONFIG_A="a" "b"'],
])('%j is refused with its line', (text, message) => {
  expect(() => parse(text, 'my.config')).toThrow(expect.objectContaining({ message, exitCode: 2 }));
});

test.each([
  ['CONFIG_X=y', 'X', 'y'],
  ['X=m', 'X', 'm'],
  ['CONFIG_X=n', 'X', 'n'],
  ['X=-12', 'X', '-12'],
  ['X=0xFf', 'X', '0xFf'],
  ['X="a b"', 'X', '"a b"'],
  ['CMDLINE=console=ttyS0 quiet', 'CMDLINE', '"console=ttyS0 quiet"'],
  ['X=say "hi" \\o/', 'X', '"say \\"hi\\" \\\\o/"'],
  ['X=', 'X', '""'],
])('--set %s', (text, symbol, value) => {
  expect(setting(text)).toEqual([symbol, value]);
});

test.each([
  ['CONFIG_X', '--set CONFIG_X: is no setting'],
  ['=y', '--set =y: is no setting'],
  ['', '--set : is no setting'],
  ['X-Y=y', '--set X-Y=y: is no setting'],
  ['X=Y', '--set X=Y: has the value Y'],
  ['X=off', '--set X=off: has the value off'],
  ['X=a\nCONFIG_Y=y', '--set X=a\nCONFIG_Y=y: has more than one line'],
])('--set %j is refused', (text, message) => {
  expect(() => setting(text)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  expect(() => setting(text)).toThrow(EulabError);
});

test.each([
  ['X=Y', 'CONFIG_X=y;'],
  ['X=True', 'CONFIG_X=y;'],
  ['X=off', 'CONFIG_X=n;'],
  ['X=M', 'CONFIG_X=m;'],
])('the hint for %s says what was meant', (text, meant) => {
  expect(() => setting(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining(meant) }));
});

test('rendered settings are sorted and read back as they were', () => {
  const settings = new Map([
    ['B', 'n'],
    ['A', '"x"'],
    ['AB', '0x10'],
  ]);
  const text = render(settings);
  expect(text).toBe('CONFIG_A="x"\nCONFIG_AB=0x10\n# CONFIG_B is not set\n');
  expect(new Map(parse(text, 'f'))).toEqual(settings);
});

test('the later fragment counts', () => {
  const all = merge(parse('CONFIG_A=y\nCONFIG_B=y', '1'), parse('# CONFIG_A is not set', '2'), new Map([setting('C=7')]));
  expect(Object.fromEntries(all)).toEqual({ A: 'n', B: 'y', C: '7' });
});

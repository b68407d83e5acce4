import { expect, test } from 'vitest';
import { conjuncts, expression, level, show, words } from '../../../../src/kernel/kconfig/expression.ts';

const config = new Map(Object.entries({ Y: 'y', M: 'm', NUM: '12', HEX: '0x10', TEXT: '"abc"', MODULES: 'y' }));
const values = (symbol: string) => config.get(symbol);
const parsed = (text: string) => expression(words(text), { ARCH: 'x86' });

test.each([
  ['A && B||!C', ['A', '&&', 'B', '||', '!', 'C']],
  ['A!=B', ['A', '!=', 'B']],
  ['A<=5', ['A', '<=', '5']],
  ['"a && b" = X # why', ['"a && b"', '=', 'X']],
  ["'a b'", ["'a b'"]],
  ['$(cc-option,-mfoo -mbar) && A', ['$(cc-option,-mfoo -mbar)', '&&', 'A']],
  ['!$(success,test $(shell,echo (a)) = b)', ['!', '$(success,test $(shell,echo (a)) = b)']],
  ['arch/$(SRCARCH)/Kconfig', ['arch/$(SRCARCH)/Kconfig']],
  ['y if A', ['y', 'if', 'A']],
  ['', []],
  ['  # only a comment', []],
])('%j has the words %j', (text, expected) => {
  expect(words(text)).toEqual(expected);
});

test.each([
  ['Y', 2],
  ['M', 1],
  ['ABSENT', 0],
  ['NUM', 0],
  ['!Y', 0],
  ['!M', 1],
  ['!!Y', 2],
  ['Y && M', 1],
  ['M || ABSENT', 1],
  ['Y || ABSENT && ABSENT', 2],
  ['(Y || ABSENT) && ABSENT', 0],
  ['Y = y', 2],
  ['ABSENT = n', 2],
  ['M != n', 2],
  ['NUM >= 9', 2],
  ['NUM < 9', 0],
  ['HEX = 16', 2],
  ['TEXT = "abc"', 2],
  ['TEXT != "abc"', 0],
  ['"$(ARCH)" = "x86"', 2],
  ['"$(ARCH)" != "i386" && Y', 2],
  ['$(cc-option,-m)', undefined],
  ['$(cc-option,-m) && ABSENT', 0],
  ['$(cc-option,-m) || Y', 2],
  ['!$(cc-option,-m)', undefined],
  ['$(cc-version) > 5', undefined],
  ['Y && )', undefined],
])('%s is %s', (text, expected) => {
  expect(level(parsed(text), values)).toBe(expected);
});

test.each([
  ['A', 'A [=n]'],
  ['!Y', '!Y [=y]'],
  ['!(A && Y)', '!(A [=n] && Y [=y])'],
  ['A || (B && M)', 'A [=n] || (B [=n] && M [=m])'],
  ['(A || Y) && !B', '(A [=n] || Y [=y]) && !B [=n]'],
  ['NUM >= 20', 'NUM [=12] >= 20'],
  ['TEXT = "x"', 'TEXT [="abc"] = "x"'],
  ['A || B || C || D || E || F', 'A [=n] || B [=n] || C [=n] || D [=n] || 2 more'],
])('%s shows as %s', (text, shown) => {
  expect(show(parsed(text), values)).toBe(shown);
});

test('the conjuncts are the parts of nested ands; a bare m needs modules', () => {
  const parts = conjuncts(parsed('A && (B && (C || D)) && m'));
  expect(parts.map((part) => show(part, values))).toEqual(['A [=n]', 'B [=n]', 'C [=n] || D [=n]', 'm', 'MODULES [=y]']);
});

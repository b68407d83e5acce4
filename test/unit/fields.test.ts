import { expect, test } from 'vitest';
import { fields } from '../../src/fields.ts';

test.each([
  ['a', ['a']],
  ['a:b', ['a', 'b']],
  ['a\\:b:c', ['a:b', 'c']],
  ['a\\\\:b', ['a\\', 'b']],
  [':', ['', '']],
  ['', ['']],
])('%s has the fields %j', (text, list) => {
  expect(fields(text)).toEqual(list);
});

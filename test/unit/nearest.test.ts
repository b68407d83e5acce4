import { expect, test } from 'vitest';
import { nearest } from '../../src/nearest.ts';

const names = ['kernel', 'kvm', 'tcg', 'model', 'memory', 'debug', 'bridge'];

test.each([
  ['kernal', 'kernel'],
  ['kernl', 'kernel'],
  ['krenel', 'kernel'],
  ['kmv', 'kvm'],
  ['modle', 'model'],
  ['debgu', 'debug'],
  ['memroy', 'memory'],
  ['mmeroy', 'memory'],
  ['brigde', 'bridge'],
  ['kernel', 'kernel'],
  ['mem', 'memory'],
  ['br', undefined],
  ['xen', undefined],
  ['wifi', undefined],
  ['', undefined],
])('the nearest to %j is %s', (wanted, near) => {
  expect(nearest(wanted, names)).toBe(near);
});

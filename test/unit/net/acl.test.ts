import { expect, test } from 'vitest';
import { verdict } from '../../../src/net/acl.ts';

test.each<[string, Record<string, string>, object]>([
  ['allowed', { a: 'allow br0\n' }, { kind: 'allowed' }],
  ['all are allowed, among comments and blanks', { a: '# mine\n\n \t allow \t all  \n' }, { kind: 'allowed' }],
  ['another one is', { a: 'allow br1' }, { kind: 'unmentioned', file: 'a', lost: [] }],
  ['denied before it is allowed', { a: 'deny br0\nallow br0' }, { kind: 'denied', file: 'a', rule: 'deny br0' }],
  [
    'denied with all, in an included file',
    { a: 'allow br0\ninclude b', b: 'deny all' },
    { kind: 'denied', file: 'b', rule: 'deny all' },
  ],
  ['allowed by an included file', { a: 'include b', b: 'allow br0' }, { kind: 'allowed' }],
  ['an included file is lost', { a: 'include b' }, { kind: 'unmentioned', file: 'a', lost: [{ file: 'b', error: 'ENOENT' }] }],
  ['an included file is lost that is not needed', { a: 'include b\nallow br0' }, { kind: 'allowed' }],
  ['a mistake in an included file ends that one only', { a: 'include b\nallow br0', b: 'nonsense' }, { kind: 'allowed' }],
  ['a mistake', { a: 'allow br0\nalow br0' }, { kind: 'syntax', file: 'a', line: 2, text: 'alow br0' }],
  ['no bridge is named', { a: 'allow' }, { kind: 'syntax', file: 'a', line: 1, text: 'allow' }],
  ['it includes itself', { a: 'include a\nallow br0' }, { kind: 'allowed' }],
  ['nothing', { a: '' }, { kind: 'unmentioned', file: 'a', lost: [] }],
  ['no file', {}, { kind: 'missing', file: 'a' }],
])('the rules of the bridge helper: %s', (_what, files, expected) => {
  const read = (file: string) => (files[file] === undefined ? { error: 'ENOENT' } : { text: files[file] });
  expect(verdict('a', 'br0', read)).toEqual(expected);
});

test('a file that may not be read', () => {
  expect(verdict('a', 'br0', () => ({ error: 'EACCES' }))).toEqual({ kind: 'unreadable', file: 'a' });
});

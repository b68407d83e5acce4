import { expect, test } from 'vitest';
import { sudoers } from '../../../src/net/sudoers.ts';

test('the rule of sudo is for these calls alone', () => {
  const [, ...lines] = sudoers('you', [
    ['/usr/bin/node', '/opt/a, b=c/eulab.mjs', 'net', 'up'],
    ['/usr/bin/node', '/opt/x*', 'net', 'down'],
  ]).split('\n');
  expect(lines).toEqual([
    'you ALL=(root) NOPASSWD: /usr/bin/node /opt/a\\,\\ b\\=c/eulab.mjs net up, \\',
    '    /usr/bin/node /opt/x\\* net down',
    '',
  ]);
});

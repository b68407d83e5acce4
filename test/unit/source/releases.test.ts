import { expect, test } from 'vitest';
import { newest, order, seriesUrl } from '../../../src/source/releases.ts';

const release = (moniker: string, version: string, iseol = false) => ({ moniker, version, iseol });
const list = {
  latest_stable: { version: '6.17.8' },
  releases: [
    release('mainline', '6.18-rc6'),
    release('stable', '6.16.12', true),
    release('stable', '6.17.8'),
    release('longterm', '6.6.117'),
    release('longterm', '6.12.58'),
    release('longterm', '5.10.247'),
    release('longterm', '9.9.9', true),
    release('linux-next', 'next-20251114'),
    { moniker: 'longterm', version: '../../etc' },
    'nonsense',
  ],
};

test.each([
  ['longterm', '6.12.58'],
  ['stable', '6.17.8'],
  ['mainline', '6.18-rc6'],
] as const)('the newest %s', (moniker, version) => {
  expect(newest(list, moniker)).toBe(version);
});

test('a line of which only ended releases are left still has one', () => {
  expect(newest({ releases: [release('stable', '6.16.12', true)] }, 'stable')).toBe('6.16.12');
});

test('stable is what latest_stable says when no release is marked so', () => {
  expect(newest({ latest_stable: { version: '6.18' }, releases: [] }, 'stable')).toBe('6.18');
});

test.each([[undefined], [null], [[]], ['text'], [{}], [{ releases: {} }], [{ latest_stable: 3 }]])('%j is no list', (text) => {
  expect(newest(text, 'stable')).toBeUndefined();
});

test('versions are ordered as numbers, a candidate before its release', () => {
  const sorted = ['6.9', '6.10-rc1', '6.10', '6.10-rc2', '5.19.17', '6.10.1'].sort(order);
  expect(sorted).toEqual(['5.19.17', '6.9', '6.10-rc1', '6.10-rc2', '6.10', '6.10.1']);
});

test.each([
  ['6.6.22', 'https://host/kernel', 'https://host/kernel/v6.x'],
  ['3.0', 'https://host/kernel/', 'https://host/kernel/v3.x'],
  ['2.6.39.4', 'https://host/kernel', 'https://host/kernel/v2.6'],
])('the folder of %s on %s', (version, mirror, url) => {
  expect(seriesUrl(version, mirror)).toBe(url);
});

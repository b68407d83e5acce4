import { expect, test } from 'vitest';
import { cover, mountTable, visible } from '../../../src/learn/mount-table.ts';

/** Lines as /proc/self/mountinfo has them: id, parent, place, type. */
const table = (...mounts: readonly (readonly [number, number, string, string])[]) =>
  mountTable(
    mounts.map(([id, parent, place, type]) => `${id} ${parent} 0:${id} / ${place} rw,relatime - ${type} none rw\n`).join(''),
  );

const root = [1, 1, '/', 'rootfs'] as const;

test('the lines of mountinfo, with optional fields and without', () => {
  const text = '21 1 0:20 / /proc rw shared:7 master:1 - proc proc rw\n22 1 0:6 / /dev rw - devtmpfs devtmpfs rw\n\n';
  expect(mountTable(text)).toEqual([
    { id: 21, parent: 1, place: '/proc', type: 'proc' },
    { id: 22, parent: 1, place: '/dev', type: 'devtmpfs' },
  ]);
});

test.each([
  ['in order', table(root, [2, 1, '/dev', 'devtmpfs'], [3, 2, '/dev/pts', 'devpts']), '/dev/pts', 'devpts', undefined],
  [
    'covered by its parent',
    table(root, [2, 1, '/dev/pts', 'devpts'], [3, 1, '/dev', 'devtmpfs']),
    '/dev/pts',
    'devtmpfs',
    'devtmpfs',
  ],
  ['mounted twice', table(root, [2, 1, '/tmp', 'tmpfs'], [3, 2, '/tmp', 'ramfs']), '/tmp', 'ramfs', undefined],
  ['not mounted', table(root, [2, 1, '/dev', 'devtmpfs']), '/dev/shm', 'devtmpfs', undefined],
  [
    'below another one',
    table(root, [2, 1, '/dev', 'devtmpfs'], [3, 2, '/dev/pts', 'devpts'], [4, 2, '/dev', 'tmpfs']),
    '/dev/pts',
    'tmpfs',
    'tmpfs',
  ],
  ['covered twice', table(root, [2, 1, '/dev/pts', 'devpts'], [3, 1, '/dev', 'a'], [4, 3, '/dev', 'b']), '/dev/pts', 'b', 'b'],
  ['the root', table(root, [2, 1, '/', 'ext4']), '/', 'ext4', undefined],
  ['under a root over the root', table(root, [2, 1, '/', 'ext4'], [3, 2, '/proc', 'proc']), '/proc', 'proc', undefined],
])('what is seen at a place: %s', (_what, mounts, place, type, covered) => {
  expect([visible(mounts, place)?.type, cover(mounts, place)?.type]).toEqual([type, covered]);
});

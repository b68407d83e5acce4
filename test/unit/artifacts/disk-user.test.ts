import { expect, test } from 'vitest';
import { fileLocks, refused } from '../../../src/artifacts/disk-user.ts';

const list = `1: POSIX  ADVISORY  WRITE 5430 fe:00:402116 0 EOF
2: OFDLCK ADVISORY  READ  -1 fe:00:77 100 101
2: -> OFDLCK ADVISORY  WRITE -1 fe:00:77 100 101
3: OFDLCK ADVISORY  READ  -1 fe:00:77 201 201
4: FLOCK  ADVISORY  WRITE 12 00:1a:9 0 EOF
5: LEASE  ACTIVE    READ  12 00:1a:9 0 EOF
`;

test('the byte ranges of /proc/locks; not those that wait, and no locks of another kind', () => {
  expect(fileLocks(list)).toEqual([
    { device: 'fe:00', inode: 402116, first: 0, last: Number.POSITIVE_INFINITY },
    { device: 'fe:00', inode: 77, first: 100, last: 101 },
    { device: 'fe:00', inode: 77, first: 201, last: 201 },
  ]);
});

test('the lock lines of a descriptor', () => {
  const info = 'pos:\t0\nflags:\t02100002\nmnt_id:\t25\nlock:\t1: OFDLCK ADVISORY  READ  -1 fe:00:77 203 203\n';
  expect(fileLocks(info)).toEqual([{ device: 'fe:00', inode: 77, first: 203, last: 203 }]);
});

const bytes = (...held: number[]) => held.map((byte) => ({ first: byte, last: byte }));

test.each([
  ['nobody', bytes(), false, false],
  ['a machine that writes', bytes(100, 101, 201, 203), true, true],
  ['a machine that reads and lets nobody write', bytes(100, 201), true, false],
  ['a program that only reads', bytes(100), false, false],
  ['one that lets nobody read', bytes(100, 200, 201), true, true],
  ['a range', [{ first: 100, last: 103 }], true, true],
])('%s: a writer and a reader are refused: %s', (_who, locks, writer, reader) => {
  expect([refused(locks, true), refused(locks, false)]).toEqual([writer, reader]);
});

import { expect, test } from 'vitest';
import { inVainMs, type Limits, limits, nextCheckMs, overdue, type Watched } from '../../../../src/boot/watch/watch.ts';

const none = Number.POSITIVE_INFINITY;
const lines = [
  { ms: 200, text: '[    0.000000] Linux version 6.1.192-lab' },
  { ms: 1000, text: '[    0.780000] Run /init as init process' },
];
const allowed: Limits = { whole: none, firmware: 1000, kernel: 2000, init: 3000, command: none, silence: 1500, halted: 100 };
const watched: Watched = { lines: [], readyMs: undefined, limits: allowed, talks: true };

test.each<[string, Partial<Watched>, number, string | undefined]>([
  ['firmware in time', {}, 999, undefined],
  ['firmware', {}, 1000, 'firmware'],
  ['a kernel that goes silent', { lines: lines.slice(0, 1) }, 1700, 'silence'],
  ['a kernel in time', { lines: lines.slice(0, 1) }, 1699, undefined],
  ['a kernel that talks for ever', { lines: [lines[0] ?? { ms: 0, text: '' }, { ms: 2100, text: 'x' }] }, 2200, 'kernel'],
  ['an init that goes silent', { lines }, 2500, 'silence'],
  ['an init that talks for ever', { lines: [...lines, { ms: 3900, text: 'x' }] }, 4000, 'init'],
  ['a command may be silent', { lines, readyMs: 1100 }, 10_000_000, undefined],
  ['but not beyond its limit', { lines, readyMs: 1100, limits: { ...allowed, command: 500 } }, 1600, 'command'],
  ['the whole', { lines, readyMs: 1100, limits: { ...allowed, whole: 5000 } }, 5000, 'whole'],
  ['last words', { lines: [...lines, { ms: 1200, text: ' -- System halted' }] }, 1300, 'halted'],
  [
    'last words while a command runs',
    { lines: [...lines, { ms: 5000, text: 'reboot: System halted' }], readyMs: 1100 },
    5100,
    'halted',
  ],
  ['a quiet kernel has the time of all three', { talks: false }, 5999, undefined],
  ['and no more', { talks: false }, 6000, 'init'],
])('%s', (_what, changes, nowMs, limit) => {
  expect(overdue({ ...watched, ...changes }, nowMs)?.limit).toBe(limit);
});

test('the limit that ran out first is the one that is told, with its phase', () => {
  const both = { ...watched, lines, limits: { ...allowed, whole: 2600 } };
  expect(overdue(both, 9000)).toMatchObject({
    limit: 'silence',
    limitMs: 1500,
    phase: 'init',
    message: expect.stringContaining('1.5 s'),
  });
});

test('the next look is when something can be over, and soon after last words', () => {
  const patient = { ...watched, limits: { ...allowed, halted: none } };
  expect(nextCheckMs(patient, 300)).toBe(700);
  expect(nextCheckMs(patient, 5000)).toBe(1);
  expect(nextCheckMs(watched, 300)).toBe(100);
  expect(nextCheckMs({ ...patient, readyMs: 400 }, 500)).toBeUndefined();
});

test('every start ends: whatever the machine, nothing before the command may take for ever', () => {
  for (const accel of ['kvm', 'tcg'] as const) {
    const { firmware, kernel, init, silence, command } = limits({ accel, cpus: 8 });
    expect([firmware, kernel, init, silence].every(Number.isFinite)).toBe(true);
    expect(command).toBe(none);
  }
});

test('emulation and more CPUs stretch what was not asked for', () => {
  expect(limits({ accel: 'kvm', cpus: 4 }).kernel).toBe(60_000);
  expect(limits({ accel: 'tcg', cpus: 1 }).kernel).toBe(180_000);
  expect(limits({ accel: 'tcg', cpus: 5 }).kernel).toBe(360_000);
  expect(limits({ accel: 'tcg', cpus: 5 }, { kernel: 7, whole: 9 })).toMatchObject({ kernel: 7, whole: 9 });
});

test('gdb may hold a machine for as long as it likes, and one that is kept after its panic stands still', () => {
  const machine = { accel: 'tcg', cpus: 1 };
  expect(Object.values(limits(machine, {}, { gdb: {} })).some(Number.isFinite)).toBe(false);
  expect(limits(machine, { whole: 9000 }, { gdb: {} })).toMatchObject({ whole: 9000, kernel: none });
  expect(limits(machine, {}, { keepPanicked: true })).toMatchObject({ halted: none, kernel: 180_000 });
});

test.each<[string, Partial<Watched>, number | undefined]>([
  ['nothing was said', {}, 1500],
  ['the kernel was the last to speak', { lines }, 2500],
  ['the firmware was', { lines: [{ ms: 300, text: 'SeaBIOS (version 1.16.2)' }] }, 1800],
  ['a program has spoken, and waits', { lines: [...lines, { ms: 1100, text: '/ #' }] }, undefined],
  ['the agent has answered', { lines, readyMs: 1100 }, undefined],
])('a person waits in vain when %s', (_what, changes, expected) => {
  expect(inVainMs({ ...watched, talks: false, ...changes })).toBe(expected);
});

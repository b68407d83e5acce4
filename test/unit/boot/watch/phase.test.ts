import { expect, test } from 'vitest';
import { haltedMs, phase, phases } from '../../../../src/boot/watch/phase.ts';

const said = (...lines: readonly (readonly [ms: number, text: string])[]) => lines.map(([ms, text]) => ({ ms, text }));

const whole = said(
  [40, 'SeaBIOS (version 1.16.2-debian-1.16.2-1)'],
  [150, '[    0.000000] Linux version 6.1.192-lab (eulab@eulab)'],
  [900, '[    0.730000] Freeing unused kernel image (initmem) memory: 776K'],
  [950, '[    0.780000] Run /init as init process'],
);

test('each phase ends where the next begins', () => {
  expect(phases(whole, 1100, 2000)).toEqual([
    { name: 'firmware', fromMs: 0, toMs: 150 },
    { name: 'kernel', fromMs: 150, toMs: 900 },
    { name: 'init', fromMs: 900, toMs: 1100 },
    { name: 'command', fromMs: 1100, toMs: 2000 },
  ]);
});

test.each([
  ['nothing said', 0, undefined, 'firmware'],
  ['firmware only', 1, undefined, 'firmware'],
  ['a kernel', 2, undefined, 'kernel'],
  ['init', 4, undefined, 'init'],
  ['an answer', 4, 1000, 'command'],
  ['an answer, and a console that shows nothing', 0, 1000, 'command'],
] as const)('the phase after %s', (_what, lines, readyMs, name) => {
  expect(phase(whole.slice(0, lines), readyMs).name).toBe(name);
});

test('a kernel that speaks before its first line has begun', () => {
  expect(phase(said([30, 'early console in setup code']), undefined)).toMatchObject({ name: 'kernel', fromMs: 30 });
});

test.each([
  ['[    1.2] Kernel panic - not syncing: x', 7],
  ['[    1.2][    T1] Kernel panic - not syncing: x', 7],
  ['Kernel panic - not syncing: x', 7],
  ['it said: Kernel panic - not syncing: x', undefined],
  [' -- System halted', 7],
  ['[    1.3] reboot: System halted', 7],
  ['Unable to boot - please use a kernel appropriate for your CPU.', 7],
  ['PANIC: early exception 0x00 IP 10:ffffffff81cfb5b2 error 0 cr2 0xffff888002601000', 7],
  ['[    1.3] reboot: Power down', undefined],
])('last words: %s', (text, ms) => {
  expect(haltedMs(said([3, 'before'], [7, text]))).toBe(ms);
});

test('what comes behind the last words is waited for', () => {
  expect(haltedMs(said([3, 'Kernel panic - not syncing: x'], [5, 'Call Trace:'], [9, ' </TASK>']))).toBe(9);
});

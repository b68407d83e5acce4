import { expect, test } from 'vitest';
import { earlyMarks, initcallLevels, initcalls } from '../../../../src/boot/timeline/marks.ts';
import { timelineText } from '../../../../src/boot/timeline/text.ts';
import { type Boot, bootOf, type Phase, timelineOf } from '../../../../src/boot/timeline/timeline.ts';
import { meta, recorded } from './recorded.ts';

const names = (list: readonly Phase[] | undefined) => (list ?? []).map(({ name }) => name);

/** Each phase begins where the one before it ends, and so do the parts of each. */
function gapless(list: readonly Phase[], startMs: number, endMs: number): void {
  expect(list[0]?.startMs).toBe(startMs);
  expect(list.at(-1)?.endMs).toBe(endMs);
  for (const [index, phase] of list.entries()) {
    expect(phase.endMs).toBeGreaterThan(phase.startMs);
    expect(list[index + 1]?.startMs ?? endMs).toBe(phase.endMs);
    if (phase.children !== undefined) gapless(phase.children, phase.startMs, phase.endMs);
  }
}

const ofAKernel = ['early kernel', 'initcalls to fs', 'unpacking', 'device initcalls', 'late kernel', 'init', 'command', 'end'];

test('a bzImage has all phases, in their order', () => {
  const boot = bootOf(recorded('bzimage'));
  expect(names(boot.phases)).toEqual(['QEMU starts', 'firmware', 'setup code', 'decompression', ...ofAKernel]);
  gapless(boot.phases, 0, boot.totalMs);
});

test('an ELF kernel is not unpacked by itself', () => {
  const boot = bootOf(recorded('elf'));
  expect(names(boot.phases)).toEqual(['QEMU starts', 'firmware', ...ofAKernel]);
  gapless(boot.phases, 0, boot.totalMs);
});

test('init has the parts that it marks, the initcalls their levels, the early kernel what it says', () => {
  const { phases } = bootOf(recorded('bzimage'));
  const parts = (name: string) => names(phases.find((phase) => phase.name === name)?.children);
  expect(parts('init')).toEqual(['mounts', 'network', 'channel']);
  expect(parts('early kernel')).toEqual(['memory and interrupts', 'clocks', 'CPU']);
  expect(parts('initcalls to fs')).toEqual(['early', 'pure', 'core', 'arch', 'subsys', 'fs']);
});

test.each<[string, Partial<ReturnType<typeof recorded>>, string[]]>([
  ['a QEMU without a trace', { trace: '' }, ['QEMU and firmware', ...ofAKernel]],
  [
    'a kernel that sets its UART up in another way',
    { format: 'ELF' },
    ['QEMU starts', 'firmware and decompression', ...ofAKernel],
  ],
  ['no line at all', { lines: [], commandMs: undefined, statusMs: undefined }, ['QEMU starts', 'firmware and decompression']],
  ['neither', { lines: [], trace: '', commandMs: undefined, statusMs: undefined }, ['QEMU and firmware']],
])('%s: what cannot be told apart is one phase, and the whole is there', (_what, less, wanted) => {
  const boot = bootOf({ ...recorded('bzimage'), ...less });
  expect(names(boot.phases)).toEqual(wanted);
  gapless(boot.phases, 0, boot.totalMs);
});

test('a boot that ends in the initcalls has what came before', () => {
  const seen = recorded('bzimage');
  const lines = seen.lines.slice(0, seen.lines.findIndex(({ text }) => text.includes('calling  acpi_init')) + 1);
  const boot = bootOf({ ...seen, lines, commandMs: undefined, statusMs: undefined });
  expect(names(boot.phases)).toEqual(['QEMU starts', 'firmware', 'setup code', 'decompression', 'early kernel', 'initcalls']);
  gapless(boot.phases, 0, boot.totalMs);
});

test('an initcall has the guest’s time, the host’s moment and what it returned', () => {
  const seen = recorded('bzimage');
  const begins = seen.lines.find(({ text }) => text.includes('calling  inet_init'))?.ms;
  const usecs = Number(/inet_init.* after (\d+) usecs/.exec(seen.lines.map(({ text }) => text).join('\n'))?.[1]);
  expect(initcalls(seen.lines, seen.levels).find(({ name }) => name === 'inet_init')).toEqual({
    name: 'inet_init',
    startMs: begins,
    usecs,
    status: 0,
    level: 'fs',
  });
});

test.each<[string, string, object]>([
  ['a driver without its device', 'initcall foo_init+0x0/0x18 returned -19 after 12 usecs', { name: 'foo_init', status: -19 }],
  ['a module’s', 'initcall bar+0x0/0x1000 [snd] returned 0 after 7 usecs', { name: 'bar', usecs: 7 }],
  ['without symbols', 'initcall 0xffffffff81d8ece0 returned 0 after 7 usecs', { name: '0xffffffff81d8ece0' }],
])('the initcall of %s', (_what, text, wanted) => {
  expect(initcalls([{ ms: 5, text: `[    1.000000][    T1] ${text}` }])).toMatchObject([{ startMs: 5, ...wanted }]);
});

test('the level is what follows the function’s name, also when that ends in a digit', () => {
  const map = ['a_init6', 'md5_mod_init6', 'raid61s', 'x_initearly', 'twice1', 'twice6'].map(
    (end, index) => `ffffffff81d8f08${index} d __initcall__kmod_m__${index}_10_${end}`,
  );
  expect([...initcallLevels(map.join('\n'))]).toEqual([
    ['a_init', ['device']],
    ['md5_mod_init', ['device']],
    ['raid6', ['core (sync)']],
    ['x_init', ['early']],
    ['twice', ['core', 'device']],
  ]);
});

test('what a firmware does with the UART before it loads the kernel counts for nothing', () => {
  const { trace, startedMs } = recorded('elf');
  const start = { startedMs, firstLineMs: 410, format: 'ELF' as const };
  const before = `1@${((startedMs + 1) / 1000).toFixed(6)}:serial_update_parameters baudrate=9600\n`;
  expect(earlyMarks(before + trace, start)).toEqual(earlyMarks(trace, start));
  expect(earlyMarks(trace, start).kernel).toBeCloseTo(281.3, 1);
});

test('of repeats the one of the median total stands for all', () => {
  const boots = [30, 10, 20].map(
    (totalMs): Boot => ({ totalMs, phases: [{ name: 'init', startMs: 0, endMs: totalMs }], initcalls: [] }),
  );
  const timeline = timelineOf(meta, boots as [Boot, ...Boot[]]);
  expect([timeline.totalMs, timeline.boots.length, timeline.phases[0]?.endMs]).toEqual([20, 3, 20]);
});

test.each([80, 100, 200])('as text it fits a terminal of %i columns, and bars are to scale', (columns) => {
  const text = timelineText(timelineOf(meta, [bootOf(recorded('bzimage'))]), columns);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  const bar = (name: string) => /█+/.exec(text.split('\n').find((line) => line.startsWith(name)) ?? '')?.[0].length ?? 0;
  expect(bar('early kernel')).toBeGreaterThan(bar('device initcalls'));
  expect(text).toContain('populate_rootfs');
});

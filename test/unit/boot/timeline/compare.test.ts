import { expect, test } from 'vitest';
import { compare, compareText, measure } from '../../../../src/boot/timeline/compare.ts';
import { type Boot, bootOf, timelineOf } from '../../../../src/boot/timeline/timeline.ts';
import { meta, recorded } from './recorded.ts';

/** Boots of two phases and some initcalls, of these many milliseconds each. */
function boots(...all: readonly { kernel: number; init: number; calls?: Record<string, number> }[]) {
  const list = all.map(
    ({ kernel, init, calls = {} }): Boot => ({
      totalMs: kernel + init,
      phases: [
        { name: 'early kernel', startMs: 0, endMs: kernel },
        { name: 'init', startMs: kernel, endMs: kernel + init },
      ],
      initcalls: Object.entries(calls).map(([name, ms]) => ({ name, startMs: 0, usecs: ms * 1000, status: 0 })),
    }),
  );
  return timelineOf(meta, list as [Boot, ...Boot[]]);
}

const verdicts = (before: ReturnType<typeof boots>, after: ReturnType<typeof boots>) =>
  compare(before, after).differences.map(({ name, verdict }) => `${name} ${verdict}`);

test('the total comes first, then what differs by effect, then the noise', () => {
  const before = boots({ kernel: 500, init: 300, calls: { a: 50.2, gone: 2, c: 20 } });
  const after = boots({ kernel: 501, init: 400, calls: { a: 10, new: 3, c: 20.5 } });
  expect(verdicts(before, after)).toEqual([
    'total slower',
    'init slower',
    'a faster',
    'new new',
    'gone gone',
    'early kernel noise',
    'c noise',
  ]);
});

test.each<[string, number[], number[], string]>([
  ['repeats that meet', [100, 110, 130], [120, 125, 140], 'noise'],
  ['repeats that do not', [100, 102, 104], [110, 111, 112], 'slower'],
  ['one outlier among many', [100, 101, 102, 103, 300], [110, 111, 112, 113, 114], 'slower'],
  ['one boot each, a tenth apart', [100], [112], 'noise'],
  ['one boot each, a third apart', [100], [67], 'faster'],
  ['nothing that matters', [100, 100, 100], [100.5, 100.5, 100.5], 'noise'],
])('%s', (_what, before, after, verdict) => {
  const of = (list: number[]) => boots(...list.map((init) => ({ kernel: 10, init })));
  expect(compare(of(before), of(after)).differences.find(({ name }) => name === 'init')).toMatchObject({ verdict });
});

test.each([
  [[5], { median: 5, low: 3.75, high: 6.25 }],
  [[3, 1], { median: 2, low: 1, high: 3 }],
  [[9, 1, 2], { median: 2, low: 1, high: 9 }],
  [[1, 2, 3, 4, 100], { median: 3, low: 2, high: 4 }],
])('the measure of %j', (values, wanted) => {
  expect(measure(values)).toEqual(wanted);
});

test('initcalls of one name are compared each with its own', () => {
  const twice = boots({ kernel: 1, init: 1 });
  const call = (ms: number) => ({ name: 'init', startMs: 0, usecs: ms * 1000, status: 0 });
  const of = (...list: number[]) => timelineOf(meta, [{ ...(twice.boots[0] as Boot), initcalls: list.map(call) }]);
  const found = compare(of(1, 50), of(1, 90)).differences.filter(({ what }) => what === 'initcall');
  expect(found.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual(['init #2 slower', 'init noise']);
});

test('an initcall that the guest timed in ticks may be a tick off', () => {
  const of = (ms: number) => boots({ kernel: 10, init: 10, calls: { early: ms } });
  const verdict = (a: number, b: number) => compare(of(a), of(b)).differences.find(({ name }) => name === 'early')?.verdict;
  expect([verdict(0, 4), verdict(0, 40), verdict(0.1, 5.2)]).toEqual(['noise', 'slower', 'slower']);
});

test('as a table, with what else differs', () => {
  const before = boots(
    { kernel: 500, init: 300, calls: { acpi_init: 50 } },
    { kernel: 502, init: 301, calls: { acpi_init: 51 } },
  );
  const slow = boots({ kernel: 500, init: 400, calls: { acpi_init: 20 } }, { kernel: 503, init: 402, calls: { acpi_init: 21 } });
  const after = { ...slow, meta: { ...meta, cmdline: 'console=ttyS0 debug' } };
  expect(compareText(compare(before, after), ['a.json', 'b.json'])).toMatchInlineSnapshot(`
    "A: a.json, 2 boots
    B: b.json, 2 boots
    cmdline: - -> debug

                              A        B    change
    total                802 ms   903 ms   +101 ms  +13 %  slower
    init                 301 ms   401 ms   +101 ms  +33 %  slower
    initcall acpi_init  50.5 ms  20.5 ms  -30.0 ms  -59 %  faster
    early kernel         501 ms   502 ms   +0.5 ms   +0 %  within the noise

    0 of 1 initcalls are within the noise, which is what the repeats spread by.
    Initcalls are timed by the guest, everything else by the host.
    "
  `);
});

test('two recorded boots: the decompression is gone', () => {
  const of = (name: 'bzimage' | 'elf') => timelineOf(meta, [bootOf(recorded(name))]);
  expect(verdicts(of('bzimage'), of('elf'))).toEqual(expect.arrayContaining(['decompression gone', 'setup code gone']));
});

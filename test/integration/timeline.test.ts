import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootOf, timelineOf } from '../../src/boot/timeline/timeline.ts';
import { eulab, folder } from '../eulab.ts';
import { recorded } from '../unit/boot/timeline/recorded.ts';

const meta = {
  kernel: '6.1.192-lab',
  accelerator: 'tcg',
  machine: 'q35',
  memoryBytes: 2 ** 29,
  cpus: 1,
  cmdline: 'console=ttyS0',
  command: 'true',
  eulab: '0.1.0',
};

const timeline = timelineOf(meta, [bootOf(recorded('bzimage'))]);

test('two timelines are compared as a table, with 0', async () => {
  using place = folder();
  writeFileSync(join(place.path, 'a.json'), JSON.stringify(timeline));
  writeFileSync(join(place.path, 'b.json'), JSON.stringify(timelineOf(meta, [bootOf(recorded('elf'))])));
  const { status, stdout, stderr } = await eulab(['boot', '--compare', 'a.json', 'b.json'], { cwd: place.path });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.toString()).toMatch(/^decompression .* gone$/m);
  expect(stdout.toString()).toMatch(/^total .* (faster|slower|within the noise)$/m);
});

const without = (key: string) => Object.fromEntries(Object.entries(timeline).filter(([name]) => name !== key));

test.each<[string, string | undefined, string]>([
  ['a file that is not there', undefined, 'does not exist'],
  ['no JSON', '<html>', 'is no timeline: it is not JSON'],
  ['another schema', JSON.stringify({ ...timeline, schema: 7 }), 'is of schema 7, and this eulab reads 1'],
  ['JSON of another kind', '{"schema": 1}', 'is no timeline'],
  ['a timeline without boots', JSON.stringify({ ...timeline, boots: [] }), 'is no timeline: boots'],
  ['a timeline without phases', JSON.stringify(without('phases')), 'is no timeline: phases'],
  ['a time that is none', JSON.stringify({ ...timeline, totalMs: 'long' }), 'is no timeline: totalMs'],
])('%s is refused by name, with 2', async (_what, text, message) => {
  using place = folder();
  writeFileSync(join(place.path, 'good.json'), JSON.stringify(timeline));
  if (text !== undefined) writeFileSync(join(place.path, 'bad.json'), text);
  const { status, stdout, stderr } = await eulab(['boot', '--compare', 'good.json', 'bad.json'], { cwd: place.path });
  expect([status, stdout.toString()]).toEqual([2, '']);
  expect(stderr).toContain(`bad.json ${message}`);
  expect(stderr).toContain('hint:');
});

test.each([
  ['one timeline', ['--compare', 'a.json'], '--compare takes two timelines, not 1'],
  ['three timelines', ['--compare', 'a.json', 'b.json', 'c.json'], '--compare takes two timelines, not 3'],
  ['repeats of nothing', ['--repeat', '3', '--', 'true'], '--repeat is for --profile-boot'],
  ['no repeats', ['--profile-boot', '--repeat', '0', '--', 'true'], 'is less than 1'],
  ['a place that cannot be written', ['--profile-boot=/proc/timeline', '--', 'true'], '/proc/timeline.json cannot be written'],
])('%s: refused before anything is looked at, with 2', async (_what, args, message) => {
  const { status, stdout, stderr } = await eulab(['boot', ...args], { env: { EULAB_KERNEL: '/no/such/kernel' } });
  expect([status, stdout.toString()]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

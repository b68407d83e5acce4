import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { timelinePage } from '../../src/boot/timeline/page.ts';
import { bootOf, timelineOf } from '../../src/boot/timeline/timeline.ts';
import { open } from '../chromium.ts';
import { folder } from '../eulab.ts';
import { requires } from '../requires.ts';
import { recorded } from '../unit/boot/timeline/recorded.ts';

const meta = {
  kernel: '6.1.192-lab',
  accelerator: 'tcg',
  machine: 'q35',
  memoryBytes: 2 ** 29,
  cpus: 1,
  cmdline: 'console=ttyS0 note="<b>&amp;"',
  command: 'sh -c "<script>alert(1)</script>"',
  eulab: '0.1.0',
};

requires('chromium')('the page of a timeline, in a browser', async () => {
  using place = folder();
  const file = join(place.path, 'a timeline.html');
  const boots = [bootOf(recorded('bzimage')), bootOf(recorded('elf'))] as const;
  const timeline = timelineOf(meta, [...boots]);
  writeFileSync(file, timelinePage(timeline));
  expect(readFileSync(file, 'utf8')).not.toMatch(/(src|href)="(?!data:)/);
  await using page = await open(file);

  const rows = await page.evaluate<[string, number, number, number][]>(`
    [...document.querySelectorAll('#phases tbody tr[id]')].map((row) => {
      const [bar, cell] = [row.querySelector('rect'), row.querySelector('td.bar')].map((part) => part.getBoundingClientRect());
      return [row.querySelector('th').firstChild.textContent, Number(row.dataset.ms), (bar.left - cell.left) / cell.width, bar.width / cell.width];
    })`);
  expect(rows.map(([name]) => name)).toEqual(timeline.phases.map(({ name }) => name));
  const sum = rows.reduce((all, [, ms]) => all + ms, 0);
  expect(Math.abs(sum - timeline.totalMs)).toBeLessThan(timeline.totalMs * 0.05);
  for (const [index, [, ms, from, width]] of rows.entries()) {
    expect(from).toBeCloseTo((timeline.phases[index]?.startMs ?? Number.NaN) / timeline.totalMs, 2);
    expect(width).toBeCloseTo(ms / timeline.totalMs, 1);
  }

  const sorted = (key: string) =>
    page.evaluate<string[]>(`
      document.querySelector('.calls th[data-key=${key}] button').click();
      [...document.querySelectorAll('.calls tbody tr')].map((row) => row.dataset.${key})`);
  const names = await sorted('name');
  expect(names.length).toBeGreaterThan(8);
  expect(names).toEqual(names.toSorted((a, b) => a.localeCompare(b)));
  const starts = (await sorted('start')).map(Number);
  expect(starts).toEqual(starts.toSorted((a, b) => b - a));
  const found = await page.evaluate<string[]>(`
    const search = document.querySelector('input[type=search]');
    search.value = 'virtio_net';
    search.dispatchEvent(new Event('input'));
    [...document.querySelectorAll('.calls tbody tr')].filter((row) => row.offsetHeight > 0).map((row) => row.dataset.name)`);
  expect(found).toEqual(['virtio_net_driver_init']);

  expect(await page.evaluate('document.querySelector("dd code").textContent')).toBe(meta.command);
  expect(page.requests).toEqual([]);
  expect(page.said).toEqual([]);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Timeline } from '../../src/boot/timeline/timeline.ts';
import { newc } from '../../src/ramdisk/cpio.ts';
import { file } from '../../src/ramdisk/entry.ts';
import { open } from '../chromium.ts';
import { expectDocument } from '../documents.ts';
import { eulab, folder, root } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const wanted = [
  'QEMU starts',
  'firmware',
  'decompression',
  'early kernel',
  'initcalls to fs',
  'unpacking',
  'device initcalls',
  'init',
];

requires('chromium')(
  'a profiled boot: status, phases that add up, a page; and what a larger initramfs costs is named',
  async () => {
    using place = folder();
    const first = await profiled(join(place.path, 'before'), [], ['sh', '-c', 'cat; echo err >&2; exit 42']);
    expect([first.status, first.stdout.toString()]).toEqual([42, 'through']);
    expect(first.stderr).toContain('err\n');
    expect(first.stderr).toMatch(/unpacking +█+/);

    const timeline: Timeline = JSON.parse(readFileSync(join(place.path, 'before.json'), 'utf8'));
    expectDocument('timeline', timeline);
    const names = timeline.phases.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...wanted, 'command', 'end']));
    const sum = timeline.phases.reduce((all, { startMs, endMs }) => all + endMs - startMs, 0);
    expect(Math.abs(sum - timeline.totalMs)).toBeLessThan(timeline.totalMs * 0.05);
    expect(timeline.initcalls.length).toBeGreaterThan(100);
    expect(timeline.initcalls.find(({ name }) => name === 'populate_rootfs')).toMatchObject({ level: 'rootfs', status: 0 });
    const init = timeline.phases.find(({ name }) => name === 'init');
    expect(init?.children?.map(({ name }) => name)).toEqual(['mounts', 'network', 'channel']);

    await using page = await open(join(place.path, 'before.html'));
    const shown = await page.evaluate<number[]>(
      '[...document.querySelectorAll("#phases tbody tr[id]")].map((row) => Number(row.dataset.ms))',
    );
    expect(shown.length).toBe(names.length);
    expect(Math.abs(shown.reduce((all, ms) => all + ms, 0) - timeline.totalMs)).toBeLessThan(timeline.totalMs * 0.05);
    expect([page.requests, page.said]).toEqual([[], []]);

    const initrd = join(place.path, 'larger.cpio.gz');
    writeFileSync(initrd, await larger());
    expect((await profiled(join(place.path, 'after'), ['--initrd', initrd], ['true'])).status).toBe(0);
    const { status, stdout } = await eulab([
      'boot',
      '--compare',
      join(place.path, 'before.json'),
      join(place.path, 'after.json'),
    ]);
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(/^unpacking .* slower$/m);
    expect(stdout.toString()).toMatch(/^initcall populate_rootfs .* slower$/m);
  },
);

function profiled(base: string, options: readonly string[], command: readonly string[]) {
  return eulab(['boot', '--accel', 'tcg', ...options, `--profile-boot=${base}`, '--', ...command], { input: 'through' });
}

/** The initramfs with 100 MB more in it: the kernel unpacks archives one after the other. */
async function larger(): Promise<Buffer> {
  const ballast = await buffer(newc([file('ballast', new Uint8Array(100_000_000))]));
  return Buffer.concat([readFileSync(join(root, 'artifacts/initramfs.cpio.gz')), gzipSync(ballast, { level: 1 })]);
}

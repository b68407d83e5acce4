import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesOf } from '../../src/ramdisk/image/bytes.ts';
import { typeOf } from '../../src/ramdisk/image/header.ts';
import { survey } from '../../src/ramdisk/image/survey.ts';
import { type RawEntry, raw } from '../archive.ts';
import { eulab, folder } from '../eulab.ts';
import { artifacts } from './artifacts.ts';
import { plain } from './broken/initrd.ts';

artifacts();

const dir = (name: string, mode = 0o755): RawEntry => ({ name, mode: 0o040000 | mode });
const link = (name: string, data: string): RawEntry => ({ name, mode: 0o120777, data });
const hard = (name: string, inode: number, data = ''): RawEntry => ({ name, data, fields: { 0: inode, 4: 2 } });

/** What archives may have and should not, and what the kernel makes of each. */
const odd = raw(
  dir('t'),
  { name: '/t/absolute', data: 'one' },
  { name: '../../t/above', data: 'two' },
  { name: 't/./dots/../no', data: 'lost: there is no t/dots' },
  { name: 't/none/lost', data: 'lost' },
  { name: 't/twice', data: 'first and longer' },
  { name: 't/twice', data: 'second', mode: 0o100600 },
  dir('t/real'),
  link('t/way', 'real'),
  { name: 't/way/through', data: 'a link' },
  link('t/link', 'here'),
  link('t/link', 'there'),
  { name: 't/was-link', mode: 0o120777, data: 'x' },
  { name: 't/was-link', data: 'now a file' },
  dir('t/full'),
  { name: 't/full/in', data: 'in' },
  { name: 't/full', data: 'a file in the way' },
  dir('t/bare'),
  { name: 't/bare', data: 'a file now' },
  dir('t/real', 0o700),
  hard('t/hard-a', 99),
  hard('t/hard-b', 99, 'both'),
  { name: 't/pipe', mode: 0o010640 },
  { name: 't/zero', mode: 0o020666, fields: { 9: 1, 10: 5 } },
  { name: 't/pipe-with-content', mode: 0o010640, data: 'lost' },
  link('t/out', '/../../t/real'),
  { name: 't/out/absolute', data: 'through /..' },
);

/** Hard links do not reach over the end mark. */
const more = raw(hard('t/hard-c', 99, 'alone'));

test('what the kernel makes of odd entries is what the model of it says', async () => {
  using here = folder();
  const image = join(here.path, 'image');
  const bytes = Buffer.concat([plain(), odd, more]);
  writeFileSync(image, bytes);
  const { rootfs } = await survey(bytesOf(bytes));
  const said = [...rootfs.nodes]
    .filter(([path]) => path.startsWith('t/'))
    .map(([path, { mode, size }]) => `/${path} ${mode.toString(16)} ${typeOf(mode) === 'directory' ? 0 : size}`);
  const list =
    'find /t -mindepth 1 | while read -r f; do if [ -d "$f" -a ! -L "$f" ]; then stat -c "%n %f 0" "$f"; else stat -c "%n %f %s" "$f"; fi; done';
  const { status, stdout, stderr } = await eulab(
    ['boot', '--accel', 'tcg', '--net', 'none', '--initrd', image, '--', 'sh', '-c', `${list}; cat /t/hard-a /t/link; exit 42`],
    {},
  );
  expect(status, stderr).toBe(42);
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('/'));
  expect(lines.toSorted()).toEqual(said.toSorted());
  expect(lines).toContain('/t/hard-b 81ed 4');
  expect(stdout.toString()).toContain('both');
});

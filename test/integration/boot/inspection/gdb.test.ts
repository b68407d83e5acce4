import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { crashLines, gdbLines, gdbPlace, symbolsOf } from '../../../../src/boot/inspection/gdb.ts';
import { folder } from '../../../eulab.ts';
import { elf, image, note } from '../../../kernel-files.ts';

const id = 'a1'.repeat(20);
const version = '6.1.0-lab (me@here) #1 SMP Thu Jan 1';
const banner = Buffer.from('Linux version 6.1.0-lab (me@here) (gcc) #1 SMP Thu Jan 1\n');
const parts = { '.rodata': banner, '.notes': note('GNU', 3, Buffer.from(id, 'hex')), '.debug_info': Buffer.from('x') };
const packed = (what: Buffer) => image(gzipSync(what), version);

/** A folder with a kernel and what lies beside it. */
function beside(files: Readonly<Record<string, Buffer | string>>) {
  const here = folder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(here.path, name), content);
  return { ...here, kernel: join(here.path, 'bzImage') };
}

test('a vmlinux of the same build, with its scripts: nothing lacks', () => {
  using here = beside({ bzImage: packed(elf(parts)), vmlinux: elf(parts), 'vmlinux-gdb.py': '' });
  const vmlinux = join(here.path, 'vmlinux');
  expect(symbolsOf(here.kernel)).toEqual({ symbols: { vmlinux, scripts: here.path }, lacks: [] });
  expect(symbolsOf(vmlinux).symbols.vmlinux).toBe(vmlinux);
  expect(gdbLines({ place: { kind: 'tcp', port: 9 }, folder: '/x' }, here.kernel, 'panic')).toEqual([
    `env PYTHONDONTWRITEBYTECODE=1 gdb -iex 'add-auto-load-safe-path ${here.path}' ${vmlinux} -ex 'target remote 127.0.0.1:9' -ex backtrace`,
  ]);
  expect(crashLines(here.kernel, '/a b/core')).toEqual([`crash ${vmlinux} '/a b/core'`]);
});

test.each<[string, Readonly<Record<string, Buffer | string>>, string, boolean]>([
  ['none is there', { bzImage: packed(elf(parts)) }, 'there is no vmlinux beside', false],
  ['it is something else', { bzImage: packed(elf(parts)), vmlinux: 'text' }, 'is no vmlinux', false],
  [
    'it is of another version',
    { bzImage: packed(elf(parts)), vmlinux: elf({ ...parts, '.rodata': Buffer.from(String(banner).replace('#1', '#2')) }) },
    'does not belong to',
    false,
  ],
  [
    'it has another build id',
    { bzImage: packed(elf(parts)), vmlinux: elf({ ...parts, '.notes': note('GNU', 3, Buffer.alloc(20, 7)) }) },
    'does not belong to',
    false,
  ],
  [
    'it has no debug information',
    { bzImage: packed(elf(parts)), vmlinux: elf({ '.rodata': banner, '.notes': parts['.notes'] }) },
    'has no debug information',
    true,
  ],
  ['it has no scripts', { bzImage: packed(elf(parts)), vmlinux: elf(parts) }, 'no vmlinux-gdb.py lies beside', true],
  [
    'its source is gone',
    {
      bzImage: packed(elf(parts)),
      vmlinux: elf(parts),
      'vmlinux-gdb.py': '',
      'kernel.manifest.json': JSON.stringify({ inputs: { folder: '/no/such/linux' } }),
    },
    'set substitute-path /no/such/linux FOLDER',
    true,
  ],
])('%s: said, and used only where it does not mislead', (_what, files, lack, used) => {
  using here = beside(files);
  const { symbols, lacks } = symbolsOf(here.kernel);
  expect([symbols.vmlinux !== undefined, lacks]).toEqual([used, [expect.stringContaining(lack)]]);
});

test('a link to a kernel leads to what lies beside the kernel', () => {
  using here = beside({ bzImage: packed(elf(parts)), vmlinux: elf(parts) });
  using other = folder();
  symlinkSync(here.kernel, join(other.path, 'bzImage'));
  expect(symbolsOf(join(other.path, 'bzImage')).symbols.vmlinux).toBe(join(here.path, 'vmlinux'));
});

test('a port that is taken is refused by its number, and 0 is one that is free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(gdbPlace(port)).rejects.toMatchObject({
    message: `--gdb ${port}: port ${port} of 127.0.0.1 is in use`,
    exitCode: 2,
  });
  const place = await gdbPlace(0);
  expect(place).toEqual({ kind: 'tcp', port: expect.any(Number) });
  expect(place).not.toEqual({ kind: 'tcp', port: 0 });
  expect(await gdbPlace('unix')).toEqual({ kind: 'unix' });
  server.close();
});

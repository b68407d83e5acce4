import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, program, root } from '../eulab.ts';

/** What the linter says of one file of src/, under the project's own rules. */
async function lint(file: string, text: string): Promise<{ status: number; said: string }> {
  using here = folder();
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  writeFileSync(join(here.path, 'biome.json'), JSON.stringify({ ...config, $schema: undefined, vcs: undefined }));
  cpSync(join(root, 'src'), join(here.path, 'src'), { recursive: true });
  mkdirSync(dirname(join(here.path, file)), { recursive: true });
  writeFileSync(join(here.path, file), text);
  const biome = join(root, 'node_modules/.bin/biome');
  const { status, stdout, stderr } = await program(biome, ['lint', file], { cwd: here.path });
  return { status, said: stdout.toString() + stderr };
}

test.each([
  ['a noun that imports another it must not know', 'src/boot/new.ts', '../kernel/build.ts', 'this noun does not know that one'],
  [
    'boot that imports more of the ramdisk than its format',
    'src/boot/new.ts',
    '../ramdisk/build.ts',
    'this noun does not know that one',
  ],
  ['a disk that knows the machine', 'src/disk/new.ts', '../boot/drives.ts', 'this noun does not know that one'],
  ['a machine that knows how disks are made', 'src/boot/new.ts', '../disk/plan.ts', 'this noun does not know that one'],
  ['a switch that knows the machine', 'src/switch/new.ts', '../boot/vm.ts', 'this noun does not know that one'],
  ['a pure table that opens sockets', 'src/switch/table.ts', 'node:net', 'this file is pure'],
  ['a pure plan that reads a disk', 'src/disk/plan.ts', 'node:fs', 'this file is pure'],
  ['a network that knows the machine', 'src/net/new.ts', '../boot/vm.ts', 'this noun does not know that one'],
  ['a pure network plan that runs programs', 'src/net/uplink.ts', '../exec.ts', 'nothing imports upwards'],
  ['a noun that imports a verb', 'src/ramdisk/new.ts', '../commands/build.ts', 'nothing imports upwards'],
  ['a noun that imports the terminal', 'src/source/new.ts', '../ui.ts', 'nothing imports upwards'],
  ['the core that imports a noun', 'src/new.ts', './boot/qemu.ts', 'this noun does not know that one'],
  ['a pure file that reads a disk', 'src/boot/machine/qemu.ts', 'node:fs', 'this file is pure'],
  ['a pure file that runs programs', 'src/ramdisk/cpio.ts', '../exec.ts', 'nothing imports upwards'],
  ['a document that knows what writes it', 'src/documents/new.ts', '../boot/vm.ts', 'this noun does not know that one'],
  ['a server that does what a verb does', 'src/mcp/new.ts', '../kernel/build.ts', 'this noun does not know that one'],
  ['a second owner of execa', 'src/kernel/new.ts', 'execa', 'execa belongs to exec.ts'],
  ['a second owner of tar-stream', 'src/source/new.ts', 'tar-stream', 'tar-stream belongs to ramdisk/'],
])('the linter refuses %s', async (_what, file, from, reason) => {
  const { status, said } = await lint(file, `import * as thing from '${from}';\nexport const used = thing;\n`);
  expect(status).not.toBe(0);
  expect(said).toContain(reason);
});

test('the linter refuses a circle of imports', async () => {
  const { status, said } = await lint(
    'src/command.ts',
    "import * as thing from './errors-two.ts';\nexport const used = thing;\n",
  );
  expect([status, said]).not.toEqual([0, '']);
  const circle = await lint('src/boot/machine/qemu.ts', "import * as thing from '../run.ts';\nexport const qemu = thing;\n");
  expect(circle.said).toContain('noImportCycles');
});

test('boot may read the format of the ramdisk', async () => {
  const { status, said } = await lint(
    'src/boot/new.ts',
    "import { readImage } from '../ramdisk/image/read.ts';\nexport const used = readImage;\n",
  );
  expect(said).not.toContain('lint/');
  expect(status).toBe(0);
});

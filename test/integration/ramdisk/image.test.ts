import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../../../src/ramdisk/image/bytes.ts';
import { longLine } from '../../../src/ramdisk/image/listing.ts';
import { entriesOf, readImage } from '../../../src/ramdisk/image/read.ts';
import { raw } from '../../archive.ts';
import { eulab, folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';

/** The calls that pack a segment, as the kernel takes it. */
const packers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  none: ['cat'],
  gzip: ['gzip', '-9'],
  bzip2: ['bzip2'],
  lzma: ['xz', '--format=lzma'],
  xz: ['xz', '--check=crc32', '--block-size=65536'],
  lzo: ['lzop'],
  lz4: ['lz4', '-l'],
  zstd: ['zstd', '-q', '-T2'],
};

const here = folder();
const tree = join(here.path, 'tree');
const early = join(here.path, 'early');
const big = { maxBuffer: 2 ** 28 };

beforeAll(() => {
  mkdirSync(join(tree, 'bin'), { recursive: true });
  mkdirSync(join(tree, 'dev'));
  mkdirSync(join(early, 'kernel/x86/microcode'), { recursive: true });
  writeFileSync(join(early, 'kernel/x86/microcode/GenuineIntel.bin'), Buffer.alloc(1001, 7));
  writeFileSync(
    join(tree, 'bin/large'),
    Uint8Array.from({ length: 300_001 }, (_, index) => (index * index) % 253),
  );
  writeFileSync(join(tree, 'init'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(tree, 'empty'), '');
  writeFileSync(join(tree, 'grüße und so'), 'x', { mode: 0o4711 });
  linkSync(join(tree, 'bin/large'), join(tree, 'bin/twin'));
  symlinkSync('large', join(tree, 'bin/sh'));
  execFileSync('mkfifo', [join(tree, 'pipe')]);
  if (process.getuid?.() === 0) execFileSync('mknod', [join(tree, 'dev/console'), 'c', '5', '1']);
});

afterAll(() => here[Symbol.dispose]());

const cpio = (format: string, at = tree) =>
  execFileSync('sh', ['-c', `find . | LC_ALL=C sort | cpio --quiet -o -H ${format}`], { cwd: at, ...big });
const pack = (packer: readonly [string, ...string[]], input: Uint8Array) =>
  execFileSync(packer[0], packer.slice(1), { input, stdio: 'pipe', ...big });
const list = (input: Uint8Array, ...words: string[]) =>
  execFileSync('cpio', ['--quiet', ...words], { input, ...big })
    .toString()
    .trimEnd()
    .split('\n');

async function ours(bytes: Uint8Array): Promise<{ names: string[]; lines: string[] }> {
  const entries = [];
  for await (const entry of entriesOf(bytesOf(bytes))) entries.push(entry);
  return { names: entries.map(({ path }) => path), lines: entries.map((entry) => longLine(entry, Date.now())) };
}

for (const format of ['newc', 'crc']) {
  for (const [name, packer] of Object.entries(packers)) {
    requires('cpio', packer[0])(
      `an archive of GNU cpio in ${format}, packed with ${name}, behind microcode, is listed as cpio does`,
      async () => {
        const archive = cpio(format);
        const image = Buffer.concat([cpio('newc', early), pack(packer, archive)]);
        const { names, lines } = await ours(image);
        expect(names).toEqual([...list(cpio('newc', early), '-t'), ...list(archive, '-t')]);
        expect(lines.slice(-5)).toEqual(list(archive, '-tv').slice(-5));
      },
    );
  }
}

for (const [name, packer] of Object.entries(packers)) {
  // Nothing in lzma says where it ends, and lz4 takes what follows for a block: the kernel too has them last.
  if (name === 'lzma' || name === 'lz4') continue;
  requires('cpio', packer[0])(`what is behind a segment in ${name} is found, and where it begins`, async () => {
    const packed = pack(packer, cpio('newc'));
    const filled = Buffer.concat([packed, Buffer.alloc((4 - (packed.length % 4)) % 4)]);
    const image = Buffer.concat([filled, cpio('newc', early), pack(['gzip'], cpio('crc', early))]);
    const offsets: number[] = [];
    for await (const part of readImage(bytesOf(image))) if (part.kind === 'segment') offsets.push(part.segment.offset);
    const second = filled.length;
    expect(offsets).toEqual(
      name === 'none' ? [0, second + cpio('newc', early).length] : [0, second, second + cpio('newc', early).length],
    );
    expect((await ours(image)).names.slice(-5)).toEqual(list(cpio('newc', early), '-t'));
  });
}

requires('bsdtar', 'cpio')('an archive of bsdtar', async () => {
  const archive = execFileSync('bsdtar', ['--format=newc', '-cf', '-', '.'], { cwd: tree, ...big });
  expect((await ours(archive)).names).toEqual(list(archive, '-t'));
});

requires('busybox', 'cpio')('an archive of busybox', async () => {
  const archive = execFileSync('sh', ['-c', 'find . | busybox cpio -o -H newc'], { cwd: tree, stdio: 'pipe', ...big });
  expect((await ours(archive)).names).toEqual(list(archive, '-t'));
});

requires('mkinitramfs', 'lsinitramfs')('an image of initramfs-tools is listed as lsinitramfs does', async () => {
  const at = join(here.path, 'tools');
  cpSync('/etc/initramfs-tools', join(at, 'conf'), { recursive: true });
  mkdirSync(join(at, 'modules/test'), { recursive: true });
  writeFileSync(join(at, 'config-test'), 'CONFIG_RD_ZSTD=y\n');
  writeFileSync(join(at, 'conf/conf.d/test'), 'MODULES=list\nCOMPRESS=zstd\n');
  // It wants a kernel's configuration in /boot and its modules in /lib: here they are elsewhere.
  const script = readFileSync('/usr/sbin/mkinitramfs', 'utf8')
    .replaceAll('/boot/', `${at}/`)
    .replaceAll('/lib/modules/', `${at}/modules/`);
  writeFileSync(join(at, 'mkinitramfs'), script);
  const image = join(at, 'image');
  const made = spawnSync('sh', [join(at, 'mkinitramfs'), '-d', join(at, 'conf'), '-o', image, 'test'], { encoding: 'utf8' });
  expect(made.status, made.stderr).toBe(0);
  const { names } = await ours(readFileSync(image));
  expect(names.length).toBeGreaterThan(50);
  expect(names).toEqual(execFileSync('lsinitramfs', [image], big).toString().trimEnd().split('\n'));
});

requires('dracut', 'lsinitrd')('an image of dracut is listed as lsinitrd does', async () => {
  const image = join(here.path, 'dracut');
  const made = spawnSync('dracut', ['--no-kernel', '--force', '--no-hostonly', '-m', 'base', '--kver', 'test', '--gzip', image], {
    encoding: 'utf8',
  });
  expect(made.status, made.stderr).toBe(0);
  const printed = execFileSync('lsinitrd', [image], big).toString().split('\n');
  const rules = printed.flatMap((line, index) => (/^=+$/.test(line) ? [index] : []));
  const { lines } = await ours(readFileSync(image));
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.toSorted()).toEqual(printed.slice((rules.at(-2) ?? 0) + 1, rules.at(-1)).toSorted());
});

test('the verbs, on an image of two segments', async () => {
  const image = join(here.path, 'image');
  writeFileSync(image, Buffer.concat([cpio('newc', early), pack(['gzip'], cpio('crc'))]));
  const call = async (...args: string[]) => {
    const { status, stdout, stderr } = await eulab(['ramdisk', ...args]);
    return { status, stdout: stdout.toString(), stderr };
  };
  const names = (await call('ls', image)).stdout.trimEnd().split('\n');
  expect(JSON.parse((await call('ls', '--json', image)).stdout).map((entry: { path: string }) => entry.path)).toEqual(names);
  expect((await call('tree', image)).stdout).toContain('│   ├── sh -> large\n');
  const content = await eulab(['ramdisk', 'cat', image, '/bin/sh']);
  expect(content.stdout.equals(readFileSync(join(tree, 'bin/large')))).toBe(true);
  expect(await call('cat', image, 'bin')).toMatchObject({ status: 1, stderr: expect.stringContaining('has a directory at bin') });
  expect(await call('cat', image, 'no')).toMatchObject({ status: 1, stderr: expect.stringContaining(`${image} has no no`) });
  const page = join(here.path, 'page.html');
  expect((await call('size', '--html', page, image)).stdout).toMatch(/293\.0 KiB .* \/bin\/large/);
  expect(readFileSync(page, 'utf8')).toContain('<title>/bin/large: 293.0 KiB</title>');
  const told = (await call('explain', image)).stdout;
  expect(told).toContain('c_mode       000041ED  drwxr-xr-x: a directory, permissions 755');
  expect(told).toContain('bin/twin: makes /bin/twin one file with /bin/large');
  // Its interpreter is a link to a file that may not be run.
  expect(told).toContain('error (init-not-executable): it ');
  expect(await call('diff', image, image)).toMatchObject({ status: 0, stdout: '' });
  const other = join(here.path, 'other');
  writeFileSync(other, cpio('newc'));
  expect(await call('diff', image, other)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('- kernel/x86/microcode\n'),
  });
  writeFileSync(other, readFileSync(image).subarray(0, -300));
  expect(await call('diff', image, other)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(`${other} is cut or damaged`),
  });
  expect(await call('ls', join(here.path, 'nothing'))).toMatchObject({ status: 2 });
});

test('the image in artifacts/ is found, however it was packed', async () => {
  using work = folder();
  mkdirSync(join(work.path, 'artifacts'));
  writeFileSync(join(work.path, 'artifacts/initramfs.cpio'), raw({ name: 'init' }));
  const { status, stdout, stderr } = await eulab(['-C', work.path, 'ramdisk', 'ls']);
  expect([status, stdout.toString(), stderr]).toEqual([0, 'init\n', '']);
});

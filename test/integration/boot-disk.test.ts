import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { barrenQemu, bundle, type Ended, eulab, folder, program } from '../eulab.ts';
import { holder } from '../holder.ts';

/** A workspace with a kernel and an initramfs, as far as eulab looks at them. */
function workspace() {
  const here = folder();
  const artifacts = join(here.path, 'artifacts');
  mkdirSync(artifacts);
  const kernel = Buffer.alloc(4096);
  kernel[0x1f1] = 1;
  kernel.writeUInt16LE(0xaa55, 0x1fe);
  kernel.write('HdrS', 0x202);
  kernel.writeUInt16LE(0x020f, 0x206);
  kernel.writeUInt16LE(1, 0x236);
  writeFileSync(join(artifacts, 'bzImage'), kernel);
  writeFileSync(join(here.path, 'init'), '');
  chmodSync(join(here.path, 'init'), 0o755);
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: here.path, input: 'init\n' });
  writeFileSync(join(artifacts, 'initramfs.cpio.gz'), gzipSync(archive));
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  return {
    path: here.path,
    storage: join(artifacts, 'storage'),
    env,
    disk: (...args: string[]): Promise<Ended> => eulab(['-C', here.path, 'disk', 'create', ...args], { env }),
    /** A file of the test, sparse. */
    file: (name: string, bytes = 2 ** 20): string => {
      const path = join(here.path, name);
      writeFileSync(path, '');
      truncateSync(path, bytes);
      return path;
    },
    /** With a QEMU that would fail if it were started. */
    boot: (...options: string[]): Promise<Ended> =>
      eulab(
        ['-C', here.path, 'boot', '--accel', 'tcg', '--no-check', '--qemu', barrenQemu(here.path), ...options, '--', 'true'],
        {
          env,
          cwd: here.path,
        },
      ),
    [Symbol.dispose]: () => here[Symbol.dispose](),
  };
}

type Here = ReturnType<typeof workspace>;

const write = (path: string, text: string | Buffer): string => {
  writeFileSync(path, text);
  return path;
};

test.each<[string, (here: Here) => string[], string, string]>([
  ['a disk that is not there', () => ['--disk', 'data'], '--disk data: no disk "data"', 'eulab disk create data'],
  ['an empty value', () => ['--disk', ''], 'no disk ""', 'eulab disk create'],
  ['a file that is not there', () => ['--disk', '/no/such:ro'], '--disk /no/such:ro: /no/such does not exist', 'disk list'],
  ['a root that is not there', () => ['--root', 'rootfs'], '--root rootfs: no disk "rootfs"', 'eulab disk create rootfs'],
  ['a folder', ({ path }) => ['--disk', path], 'is a folder', '--from'],
  ['a device', () => ['--disk', '/dev/null'], '/dev/null is no regular file', 'copy'],
  ['an empty file', ({ file }) => ['--disk', file('empty', 0)], 'empty is empty', 'truncate'],
  ['an unknown flag', ({ file }) => ['--disk', `${file('a')}:rw`], '":rw" is no flag of a disk', ':ro and :snapshot'],
  [
    'an image that QEMU would have to guess',
    ({ path }) => ['--disk', write(join(path, 'a.vmdk'), 'KDMV'.padEnd(600, '\0'))],
    'a.vmdk is a VMDK image',
    'qemu-img convert -O qcow2',
  ],
  ['a compressed image', ({ path }) => ['--disk', write(join(path, 'a.img.gz'), gzipSync('a'))], 'gzip-compressed', 'unpack it'],
  [
    'a disk of eulab’s that is no qcow2 any more',
    ({ storage }) => {
      mkdirSync(storage);
      writeFileSync(join(storage, 'a.qcow2'), 'text');
      return ['--disk', 'a'];
    },
    'a.qcow2 is no qcow2 image',
    'right name',
  ],
  [
    'a backing file that is missing',
    ({ path, file }) => {
      const overlay = join(path, 'overlay.qcow2');
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', file('base'), overlay]);
      execFileSync('mv', [join(path, 'base'), join(path, 'moved')]);
      return ['--disk', overlay];
    },
    'base does not exist',
    'qemu-img rebase',
  ],
  ['a disk twice', ({ file }) => ['--disk', `${file('a')}:ro`, '--disk', file('a')], 'a is given twice', ':ro behind each'],
  [
    'a disk twice, by another name',
    ({ path, file }) => {
      symlinkSync(file('a'), join(path, 'b'));
      return ['--root', 'a', '--disk', 'b:snapshot'];
    },
    '--disk b:snapshot: ',
    ':ro behind each',
  ],
])('boot refuses %s before QEMU starts', async (_what, prepare, message, remedy) => {
  using here = workspace();
  const { status, stderr } = await here.boot(...prepare(here));
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr).toContain(remedy);
});

test('what may not be written to may be read, or written to in vain', async () => {
  using here = workspace();
  const file = here.file('a');
  chmodSync(file, 0o444);
  // For root too: without its capabilities it is a user like any other.
  const plain = process.getuid?.() === 0 ? ['setpriv', '--inh-caps=-all', '--bounding-set=-all'] : ['env'];
  const boot = (...options: string[]) => {
    const args = ['-C', here.path, 'boot', '--no-check', '--accel', 'tcg', '--dry-run', ...options, '--', 'true'];
    const [program0 = '', ...rest] = [...plain, process.execPath, bundle, ...args];
    return program(program0, rest, { env: here.env });
  };
  const refused = await boot('--disk', file);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(`${file} may not be written to by you`)]);
  expect(refused.stderr).toContain(':ro');
  expect((await boot('--disk', `${file}:ro`)).status).toBe(0);
  expect((await boot('--disk', `${file}:snapshot`)).status).toBe(0);
  chmodSync(file, 0);
  const unread = await boot('--disk', `${file}:ro`);
  expect([unread.status, unread.stderr]).toEqual([2, expect.stringContaining('may not be read by you')]);
});

test('a disk that another machine uses is refused, with the one that uses it', async () => {
  using here = workspace();
  await here.disk('a', '8M');
  await using qemu = await holder(join(here.storage, 'a.img'));
  for (const value of ['a', 'a:ro', 'a:snapshot']) {
    const { status, stderr } = await here.boot('--disk', value);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining(
        `--disk ${value}: ${join(here.storage, 'a.img')} is in use by qemu-system-x86 (process ${qemu.pid})`,
      ),
    ]);
    expect(stderr).toContain(`kill ${qemu.pid}`);
  }
});

test('two may read the same disk; who would write to it is refused', async () => {
  using here = workspace();
  await here.disk('a', '8M');
  await using _qemu = await holder(join(here.storage, 'a.img'), true);
  const dry = (value: string) => here.boot('--dry-run', '--qemu', 'qemu-system-x86_64', '--disk', value);
  expect((await dry('a:ro')).status).toBe(0);
  expect((await dry('a:snapshot')).status).toBe(0);
  const { status, stderr } = await dry('a');
  expect([status, stderr]).toEqual([2, expect.stringContaining('or both read it only: :ro')]);
});

test('names win over files; files of odd names; the root first', async () => {
  using here = workspace();
  await here.disk('data', '8M', '--format', 'qcow2');
  here.file('data');
  const odd = here.file(`it's, "a" disk:ro`);
  const newline = here.file('two\nlines');
  const options = ['--disk', 'data', '--disk', './data:ro', '--disk', odd, '--disk', `${newline}:snapshot`, '--root', `${odd}.2`];
  here.file(`it's, "a" disk:ro.2`);
  const { status, stdout, stderr } = await here.boot('--dry-run', '--qemu', 'qemu-system-x86_64', ...options);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  // What is behind the first line, QEMU's call, is read back by a shell, as a user would paste it.
  const call = stdout.toString().replace(/^mkdir .*\n/, '');
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${call}`])
    .toString()
    .split('\0');
  expect(words.filter((word) => /filename=/.test(word)).map((word) => word.replace(/.*filename=/s, ''))).toEqual([
    join(here.path, `it's,, "a" disk:ro.2`),
    join(here.storage, 'data.qcow2'),
    join(here.path, 'data'),
    join(here.path, `it's,, "a" disk:ro`),
    join(here.path, 'two\nlines'),
  ]);
  expect(words.find((word) => word.includes('eulab.root'))).toMatch(/ eulab\.root=\/dev\/vda rw/);
  expect(words.filter((word) => word.startsWith('virtio-blk-pci')).map((word) => /serial=([^,]*)/.exec(word)?.[1])).toEqual([
    'it-s-a-disk-ro.2',
    'data',
    'data',
    'it-s-a-disk-ro',
    'two-lines',
  ]);
});

test('a guest cannot make its raw disk another format: a disk of eulab’s is what its name says', async () => {
  using here = workspace();
  await here.disk('a', '8M', '--fs', 'none');
  execFileSync('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-u',
    '-F',
    'raw',
    '-b',
    '/etc/passwd',
    join(here.path, 'evil'),
    '1M',
  ]);
  execFileSync('dd', [`if=${join(here.path, 'evil')}`, `of=${join(here.storage, 'a.img')}`, 'conv=notrunc', 'status=none']);
  const { stdout } = await here.boot('--dry-run', '--qemu', 'qemu-system-x86_64', '--disk', 'a');
  expect(stdout.toString()).toContain('driver=raw,node-name=disk0,');
  expect(stdout.toString()).not.toContain('qcow2');
});

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { barrenQemu, bundle, eulab, folder, root } from '../eulab.ts';
import { elf } from '../images.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const path = (name: string) => join(root, 'artifacts', name);
const read = (name: string) => readFileSync(path(name));
const bzImage = () => read('bzImage');
const initramfs = () => read('initramfs.cpio.gz');

/** A copy with a bit of one byte changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** An archive of files that anybody may run, but for those whose mode is given. */
function cpio(files: Record<string, string | Buffer>, mode = 0o755): Buffer {
  using here = folder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(here.path, name)), { recursive: true });
    writeFileSync(join(here.path, name), content, { mode });
  }
  const input = Object.keys(files).join('\n');
  return execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: here.path, input, maxBuffer: 2 ** 30 });
}

/** Boots with a QEMU that must not be started. */
async function boot(here: { readonly path: string }, ...options: string[]) {
  const startedMs = performance.now();
  const { status, stdout, stderr } = await eulab(
    ['boot', '--qemu', barrenQemu(here.path), '--accel', 'tcg', ...options, '--', 'true'],
    {
      env: { EULAB_CACHE: join(here.path, 'cache') },
    },
  );
  return { status, stdout: stdout.toString(), stderr, ms: performance.now() - startedMs };
}

/** How long each refusal took: one alone may have met a machine that was busy. */
const tookMs: number[] = [];

async function refused(option: '--kernel' | '--initrd', bytes: Buffer, message: RegExp) {
  using here = folder();
  const file = join(here.path, 'file');
  writeFileSync(file, bytes);
  const { status, stderr, ms } = await boot(here, option, file);
  expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  tookMs.push(ms);
}

const payloadAt = (image: Buffer) => ((image[0x1f1] ?? 0) + 1) * 512 + image.readUInt32LE(0x248);

describe('refuses a kernel that is', () => {
  test.each<[string, () => Buffer, RegExp]>([
    ['cut in its setup', () => bzImage().subarray(0, 400), /file is no Linux kernel for x86-64/],
    ['cut in its header', () => bzImage().subarray(0, 608), /file is cut: its boot header ends at byte 616, the file has 608/],
    ['cut in the middle', () => bzImage().subarray(0, 2_000_000), /file is cut: its header says \d+ bytes, the file has 2000000/],
    ['cut by one byte', () => bzImage().subarray(0, -1), /file is cut: its header says \d+ bytes/],
    ['damaged in what is compressed', () => flipped(bzImage(), 3_000_000), /file is damaged: its checksum is not that/],
    ['damaged in its setup code', () => flipped(bzImage(), 0x1000), /file is damaged: its checksum is not that/],
    ['damaged in a length', () => flipped(bzImage(), payloadAt(bzImage()) + 7), /lz4 block at byte \d+ has a wrong length/],
    ['damaged where the compression begins', () => flipped(bzImage(), payloadAt(bzImage())), /begins with 12214c18/],
    ['empty', () => Buffer.alloc(0), /file is empty/],
    ['a text', () => Buffer.from('#!/bin/sh\n'), /it is a text file/],
    ['compressed once more', () => gzipSync(bzImage()), /gzip-compressed data, with a Linux kernel \(bzImage\) in it/],
    ['an initramfs', initramfs, /with a cpio archive in it\n.*--initrd/],
    ['an initramfs, unpacked', () => gunzipSync(initramfs()), /it is a cpio archive\n.*--initrd/],
    ['a program', () => readFileSync(process.execPath), /it is a dynamic ELF program for x86-64/],
    ['a vmlinux that is cut', () => read('vmlinux').subarray(0, 3_000_000), /file is cut: its headers say at least \d+ bytes/],
    ['a vmlinux for another CPU', () => elf(8, [{ type: 1, data: Buffer.alloc(64) }]), /is an ELF file for/],
  ])('%s', (_what, kernel, message) => refused('--kernel', kernel(), message));
});

describe('refuses an initramfs that is', () => {
  test.each<[string, () => Buffer, RegExp]>([
    ['cut at its beginning', () => initramfs().subarray(0, 30), /file is cut or damaged in its gzip-compressed archive/],
    ['cut behind /init', () => initramfs().subarray(0, -5000), /file is cut or damaged in its gzip-compressed archive/],
    ['cut in its last bytes', () => initramfs().subarray(0, -3), /its gzip data is cut/],
    ['damaged in its checksum', () => flipped(initramfs(), initramfs().length - 6), /checksum of its gzip data/],
    ['damaged, and not compressed', () => flipped(gunzipSync(initramfs()), 20), /no newc header at offset 0/],
    ['cut, and not compressed', () => gunzipSync(initramfs()).subarray(0, 100_000), /the archive is cut/],
    ['empty', () => Buffer.alloc(0), /file is empty/],
    ['a text', () => Buffer.from('hello\n'), /file is no initramfs: .* but a text file/],
    ['a kernel', bzImage, /but a Linux kernel \(bzImage\)\n.*--kernel/],
    ['without /init', () => gzipSync(cpio({ sbin: '' })), /file has no \/init/],
    ['without one that may run', () => cpio({ init: '#!/bin/sh\n' }, 0o644), /has an \/init that is not executable/],
    ['without a shell for it', () => cpio({ init: '#!/bin/sh\n' }), /needs \/bin\/sh, which is not in it/],
    ['for another CPU', () => cpio({ init: elf(183) }), /an \/init that is a program for arm64/],
    ['microcode alone', () => cpio({ 'kernel/x86/microcode/GenuineIntel.bin': 'x' }), /has microcode for the CPU and no \/init/],
  ])('%s', (_what, initrd, message) => refused('--initrd', initrd(), message));

  test('damaged, wherever that is', async () => {
    const whole = initramfs();
    for (const part of [0.2, 0.5, 0.9]) {
      await refused('--initrd', flipped(whole, Math.floor(whole.length * part)), /file (is cut or damaged|.*checksum)/);
    }
  });
});

test('each in under a second', () => {
  const sorted = tookMs.toSorted((a, b) => a - b);
  expect(sorted.length).toBeGreaterThan(30);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(1000);
});

test.each(['--kernel', '--initrd'])('%s: a folder, a device, and what is not there', async (option) => {
  using here = folder();
  for (const [file, what] of [
    [here.path, 'is a folder'],
    ['/dev/null', 'is no ordinary file'],
    [join(here.path, 'nothing'), 'does not exist'],
  ] as const) {
    const { status, stderr } = await boot(here, option, file);
    expect([status, stderr]).toEqual([2, expect.stringMatching(`${file} ${what}\n.*${option}`)]);
  }
});

requires('root', 'setpriv')('a file that may not be read is named', () => {
  using here = folder();
  chmodSync(here.path, 0o755);
  cpSync(dirname(bundle), join(here.path, 'dist'), { recursive: true });
  writeFileSync(join(here.path, 'secret'), bzImage(), { mode: 0o600 });
  const node = [
    process.execPath,
    join(here.path, 'dist/eulab.mjs'),
    '-C',
    here.path,
    'boot',
    '--kernel',
    join(here.path, 'secret'),
  ];
  const { status, stderr } = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...node, '--', 'true'], {
    encoding: 'utf8',
    env: { ...process.env, EULAB_CACHE: '/nonexistent' },
  });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/secret cannot be read: no permission\n.*--kernel/)]);
});

test('what takes more memory than the guest has is refused, with both figures', async () => {
  using here = folder();
  const small = await boot(here, '--memory', '32M', '--kernel-form', 'bzimage');
  expect([small.status, small.stderr]).toEqual([
    2,
    expect.stringMatching(/bzImage needs 3\d MiB .* and the guest has 32 MiB\n.*--memory/),
  ]);
  writeFileSync(join(here.path, 'large'), gzipSync(cpio({ init: elf(62), zeros: Buffer.alloc(80_000_000) }), { level: 1 }));
  const large = (...options: string[]) => boot(here, '--initrd', join(here.path, 'large'), '--dry-run', ...options);
  expect(await large('--memory', '128M')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('unpacks to 77 MiB, may take half of'),
  });
  expect(await large('--memory', '64M')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/large needs 8\d MiB .* has 64 MiB/),
  });
  expect(await large('--memory', '256M')).toMatchObject({ status: 0 });
});

for (const [name, ...call] of [
  ['xz', 'xz', '--check=crc32'],
  ['zstd', 'zstd', '-q'],
  ['lz4', 'lz4', '-lq'],
  ['bzip2', 'bzip2'],
  ['lzma', 'xz', '--format=lzma'],
  ['lzo', 'lzop'],
] as const) {
  const [program, ...args] = call;
  requires(program)(`an initramfs packed by ${name}: looked into, and refused where the kernel cannot unpack it`, async () => {
    using here = folder();
    const pack = (bytes: Buffer) => execFileSync(program, [...args, '-c'], { input: bytes, maxBuffer: 2 ** 28 });
    const file = join(here.path, name);
    // The microcode comes first, in an archive of its own.
    const microcode = cpio({ 'kernel/x86/microcode/GenuineIntel.bin': 'x' });
    writeFileSync(file, Buffer.concat([microcode, pack(gunzipSync(initramfs()))]));
    expect(await boot(here, '--initrd', file, '--dry-run')).toMatchObject({ status: 0 });
    writeFileSync(file, pack(cpio({ 'no-init': '' })));
    expect(await boot(here, '--initrd', file)).toMatchObject({ status: 2, stderr: expect.stringContaining('has no /init') });

    const symbol = `CONFIG_RD_${name.toUpperCase()}`;
    cpSync(path('bzImage'), join(here.path, 'bzImage'));
    const config = read('config').toString().replace(`${symbol}=y`, `# ${symbol} is not set`);
    writeFileSync(join(here.path, 'config'), config);
    writeFileSync(file, pack(gunzipSync(initramfs())));
    const { status, stderr } = await boot(here, '--kernel', join(here.path, 'bzImage'), '--initrd', file);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`is ${name}-compressed, and`)]);
    expect(stderr).toContain(`${symbol} is not set in ${join(here.path, 'config')}`);
  });
}

test('--no-check boots what it is given', async () => {
  using here = folder();
  const file = join(here.path, 'kernel');
  writeFileSync(file, flipped(bzImage(), 3_000_000));
  expect(await boot(here, '--kernel', file, '--no-check', '--dry-run')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`-kernel ${file} `),
  });
});

test('under emulation the ELF file in the bzImage is started: unpacked once, the same as the kernel’s own', async () => {
  using here = folder();
  const kernelOf = async (...options: string[]) => {
    const { stdout } = await boot(here, '--dry-run', ...options);
    return /-kernel (\S+)/.exec(stdout)?.[1] ?? '';
  };
  const unpacked = await kernelOf();
  expect(unpacked.startsWith(join(here.path, 'cache/payloads/'))).toBe(true);
  const sections = (file: string) =>
    execFileSync('readelf', ['-SW', file], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => /\] \.(text|rodata|data|init\.text) /.test(line))
      .map((line) =>
        line
          .replace(/^.*\] /, '')
          .split(/\s+/)
          .slice(0, 3)
          .join(' '),
      );
  expect(sections(unpacked)).toEqual(sections(path('vmlinux')));
  const config = readFileSync(join(dirname(unpacked), 'config'), 'utf8');
  expect(config).toBe(read('config').toString());
  expect(await kernelOf('--kernel-form', 'bzimage')).toBe(path('bzImage'));
  expect(await kernelOf('--append', 'kaslr')).toBe(path('bzImage'));
  writeFileSync(unpacked, 'half');
  expect(readFileSync(await kernelOf()).length).toBeGreaterThan(1_000_000);
});

test.each(['bzimage', 'elf'])('--kernel-form %s boots', async (form) => {
  const { status, stdout, stderr } = await eulab([
    'boot',
    '--accel',
    'tcg',
    '--kernel-form',
    form,
    '--',
    'sh',
    '-c',
    'uname -r; exit 42',
  ]);
  expect([status, stdout.toString()], stderr).toEqual([42, expect.stringMatching(/^\d+\.\d+/)]);
});

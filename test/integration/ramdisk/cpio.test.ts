import { execFileSync, spawnSync } from 'node:child_process';
import { lstat, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'vitest';
import { newc } from '../../../src/ramdisk/cpio.ts';
import { character, directory, type Entry, file, symlink } from '../../../src/ramdisk/entry.ts';
import { tree } from '../../../src/ramdisk/tree.ts';
import { listed } from '../../archive.ts';
import { requires } from '../../requires.ts';

/** GNU's and busybox's, as words of a call. */
const programs = [['cpio'], ['busybox', 'cpio']] as const;

const long = `${'folder-with-a-long-name/'.repeat(12)}file`;

const plain: readonly Entry[] = [
  file('init', new TextEncoder().encode('#!/bin/sh\nexec sh\n'), 0o755),
  file('etc/empty', new Uint8Array(0)),
  file('etc/grüße 日本', Uint8Array.of(0, 1, 2), 0o600),
  file(
    'bin/busybox',
    Uint8Array.from({ length: 1_000_003 }, (_, index) => index % 251),
    0o4755,
  ),
  symlink('bin/sh', 'busybox'),
  symlink('bin/[[', 'busybox'),
  file(long, Uint8Array.of(42)),
  directory('tmp', 0o1777),
];

const nodes: readonly Entry[] = [
  character('dev/console', 5, 1),
  character('dev/null', 1, 3, 0o666),
  { type: 'block', path: 'dev/vda', mode: 0o660, device: { major: 254, minor: 300 } },
  { type: 'fifo', path: 'run/pipe', mode: 0o600 },
];

async function archive(entries: Iterable<Entry>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of newc(tree(entries))) parts.push(part);
  return Buffer.concat(parts);
}

for (const [program, ...words] of programs) {
  const name = [program, ...words].join(' ');

  requires(program)(`${name} lists what was written, in its order, without a word of complaint`, async () => {
    const entries = [...plain, ...nodes];
    const { status, stdout, stderr } = spawnSync(program, [...words, '-t'], { input: await archive(entries), encoding: 'utf8' });
    expect({ status, stderr: stderr.replace(/^\d+ blocks\n$/, '') }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toEqual(tree(entries).map(({ path }) => path));
  });

  requires(program)(`${name} takes device nodes for what they are, whoever wrote them`, async () => {
    const { stdout } = spawnSync(program, [...words, '-tv'], { input: await archive(nodes), encoding: 'utf8' });
    // busybox lists no device numbers.
    const number = (major: number, minor: number) => (program === 'cpio' ? `${major}, *${minor}` : '0');
    expect(stdout).toMatch(new RegExp(`^crw-------.* ${number(5, 1)} .* dev/console$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^crw-rw-rw-.* ${number(1, 3)} .* dev/null$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^brw-rw----.* ${number(254, 300)} .* dev/vda$`, 'm'));
    expect(stdout).toMatch(/^prw-------.* run\/pipe$/m);
  });

  requires(program)(`${name} unpacks the same tree`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eulab-cpio-'));
    try {
      const input = await archive(plain);
      const { status, stderr } = spawnSync(program, [...words, '-i', '-m'], { input, cwd: folder, encoding: 'utf8' });
      expect({ status, stderr: stderr.replace(/^\d+ blocks\n$/, '') }).toEqual({ status: 0, stderr: '' });
      for (const entry of tree(plain)) {
        const path = join(folder, entry.path);
        const found = await lstat(path);
        if (entry.type === 'symlink') expect(await readlink(path)).toBe(entry.target);
        else expect((found.mode & 0o7777).toString(8), entry.path).toBe(entry.mode.toString(8));
        if (entry.type !== 'file') continue;
        expect((await readFile(path)).equals(entry.data as Uint8Array), entry.path).toBe(true);
        expect(found.mtimeMs).toBe(0);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

requires('cpio')('what GNU cpio writes is read, hard links and all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'eulab-cpio-'));
  try {
    execFileSync('mkdir', ['-p', join(folder, 'bin')]);
    await writeFile(join(folder, 'init'), 'hello');
    execFileSync('ln', [join(folder, 'init'), join(folder, 'bin/again')]);
    const bytes = execFileSync('sh', ['-c', 'find . | LC_ALL=C sort | cpio -o -H newc --quiet'], { cwd: folder });
    const found: string[] = [];
    for await (const { path, mode, size } of listed(Readable.from([bytes]))) found.push(`${path} ${mode >> 12} ${size}`);
    expect(found).toEqual(['. 4 0', 'bin 4 0', 'bin/again 8 0', 'init 8 5']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

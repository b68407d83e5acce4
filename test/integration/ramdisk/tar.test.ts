import { execFileSync, spawn } from 'node:child_process';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Entry } from '../../../src/ramdisk/entry.ts';
import { untar } from '../../../src/ramdisk/tar.ts';
import { requires } from '../../requires.ts';

const needsTar = requires('tar');
const long = `${'folder-with-a-long-name/'.repeat(12)}${'x'.repeat(120)}`;
const large = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 7) % 251));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eulab-tar-'));
  const root = join(folder, 'root');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'empty'), { mode: 0o700 });
  await mkdir(join(root, long, '..'), { recursive: true });
  await writeFile(join(root, 'bin/busybox'), large, { mode: 0o755 });
  await link(join(root, 'bin/busybox'), join(root, 'bin/linked'));
  await symlink('busybox', join(root, 'bin/sh'));
  await writeFile(join(root, long), 'far away');
  await writeFile(join(root, 'grüße'), 'ä', { mode: 0o600 });
  execFileSync('mkfifo', ['-m', '600', join(root, 'pipe')]);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** GNU tar's bytes for the tree, sorted as a walk. */
function tar(format: string, ...what: readonly string[]): Buffer {
  const args = [`--format=${format}`, '--sort=name', '-C', join(folder, 'root'), '-cf', '-', ...what];
  return execFileSync('tar', args, { maxBuffer: 2 ** 28 });
}

/** Each entry with its content at hand. */
async function contents(stream: Readable): Promise<Map<string, Entry & { readonly bytes?: Buffer }>> {
  const found = new Map<string, Entry & { readonly bytes?: Buffer }>();
  for await (const entry of untar(stream)) {
    const bytes = entry.type === 'file' && !(entry.data instanceof Uint8Array) ? await buffer(entry.data) : undefined;
    found.set(entry.path, bytes === undefined ? entry : { ...entry, bytes });
  }
  return found;
}

for (const format of ['gnu', 'pax']) {
  needsTar(`what GNU tar writes comes out whole (${format})`, async () => {
    const found = await contents(Readable.from([tar(format, '.')]));
    // The folder itself is the root of the archive, and is there anyway.
    expect(found.has('')).toBe(false);
    expect(found.get('bin')).toMatchObject({ type: 'directory', mode: 0o755 });
    expect(found.get('empty')).toMatchObject({ type: 'directory', mode: 0o700 });
    expect(found.get('bin/busybox')).toMatchObject({ type: 'file', mode: 0o755, size: large.length });
    expect(found.get('bin/busybox')?.bytes?.equals(large)).toBe(true);
    expect(found.get('bin/linked')).toMatchObject({ type: 'symlink', target: '/bin/busybox' });
    expect(found.get('bin/sh')).toMatchObject({ type: 'symlink', target: 'busybox' });
    expect(found.get(long)?.bytes?.toString()).toBe('far away');
    expect(found.get('grüße')).toMatchObject({ mode: 0o600, size: 2 });
    expect(found.get('pipe')).toMatchObject({ type: 'fifo', mode: 0o600 });
  });
}

needsTar('contents that nobody reads are passed over', async () => {
  const paths: string[] = [];
  for await (const { path } of untar(Readable.from([tar('gnu', '.')]))) paths.push(path);
  expect(paths).toContain('pipe');
  expect(paths.at(-1)).toBe('pipe');
});

needsTar('a stream in pieces of one byte gives the same entries', async () => {
  const bytes = tar('gnu', 'grüße', 'bin/sh');
  const found = await contents(Readable.from([...bytes].map((byte) => Uint8Array.of(byte))));
  expect([...found.keys()]).toEqual(['grüße', 'bin/sh']);
});

needsTar('a leading slash is taken away, ".." is refused', async () => {
  const absolute = execFileSync('tar', ['-cPf', '-', join(folder, 'root/grüße')]);
  const [entry] = (await contents(Readable.from([absolute]))).values();
  expect(entry?.path).toBe(join(folder, 'root/grüße').slice(1));
  const above = execFileSync('tar', ['-cPf', '-', '-C', join(folder, 'root/bin'), '../grüße']);
  await expect(contents(Readable.from([above]))).rejects.toThrow('../grüße');
});

needsTar('a stream that is cut inside of a file is an error', async () => {
  const bytes = tar('gnu', 'bin/busybox');
  for (const length of [100, 700, 1_000_000]) {
    await expect(contents(Readable.from([bytes.subarray(0, length)])), `at ${length}`).rejects.toThrow(/end of data|destroyed/);
  }
});

needsTar('a source that fails is the error that is told', async () => {
  async function* failing() {
    yield tar('gnu', 'bin/busybox').subarray(0, 200_000);
    throw new Error('the build broke off');
  }
  await expect(contents(Readable.from(failing()))).rejects.toThrow('the build broke off');
});

needsTar('whoever stops early lets the writer go', async () => {
  const writer = spawn('tar', ['-C', join(folder, 'root'), '-cf', '-', '.', '.', '.', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => writer.once('close', (code, signal) => resolve(signal ?? code)));
  for await (const { path } of untar(writer.stdout)) if (path === 'bin') break;
  expect(writer.stdout.destroyed).toBe(true);
  expect(await ended).not.toBe(0);
});

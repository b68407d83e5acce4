import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { quote } from '../../src/command.ts';
import { bundle, folder, program, root } from '../eulab.ts';
import { requires } from '../requires.ts';

const test = requires('root', 'unshare', 'gcc', 'make', '/bin/busybox');

const kernel = ['kernel', '--source', './linux/', '--profile', 'tiny'];
const ramdisk = ['ramdisk', '--busybox', '/bin/busybox'];

for (const [what, disk, kib, args] of [
  ['the objects of a kernel', 'cache', 40, kernel],
  ['a kernel', 'work', 24, kernel],
  ['the programs of a ramdisk', 'cache', 1024, ramdisk],
  ['a ramdisk', 'work', 1024, ramdisk],
] as const) {
  test(`a disk that is too small for ${what} is one message; nothing is taken for the result`, async () => {
    using here = folder();
    cpSync(join(root, 'test/fixtures/small-kernel'), join(here.path, 'linux'), { recursive: true });
    for (const name of ['work', 'cache']) mkdirSync(join(here.path, name));
    const call = [process.execPath, bundle, '-C', 'work', 'build', ...args, '--engine', 'host'].map(quote).join(' ');
    const script = `mount -t tmpfs -o size=${kib}k tmpfs ${disk}; ${call}; echo "status=$?"; find work/artifacts -type f ! -name '.*'`;
    const env = { EULAB_CACHE: join(here.path, 'cache') };
    const { stdout, stderr } = await program('unshare', ['--mount', 'sh', '-c', script], { cwd: here.path, env });
    expect(stdout.toString(), stderr).toBe('status=1\n');
    const lines = stderr.split('\n').filter((line) => line.startsWith('eulab: ') || line.startsWith('  hint: '));
    expect(lines.slice(-2)).toEqual([
      expect.stringContaining(`eulab: no space is left on the disk of ${join(here.path, disk)}`),
      '  hint: make room: eulab clean cache',
    ]);
  });
}

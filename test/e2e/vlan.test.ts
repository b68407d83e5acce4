import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'vitest';
import { newc } from '../../src/ramdisk/cpio.ts';
import { directory, type Entry, file } from '../../src/ramdisk/entry.ts';
import { eulab, folder, root } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { kernel } from './kernels.ts';

artifacts();
const image = join(kernel('net'), 'bzImage');

requires('ip', 'bridge', 'ping')(
  'VLANs, in a guest that has them: access ports, trunk, the host’s own leg; what is broken is named and mended; down restores',
  async () => {
    using here = folder();
    const initrd = join(here.path, 'initramfs.cpio');
    const ramdisk = readFileSync(join(root, 'artifacts/initramfs.cpio.gz'));
    // The kernel looks for an archive that is not compressed at every fourth byte.
    const gap = Buffer.alloc(-ramdisk.length & 3);
    writeFileSync(initrd, Buffer.concat([ramdisk, gap, await hostPrograms()]));
    const machine = ['--kernel', image, '--initrd', initrd, '--memory', '1G', '--cpus', '2', '--net', 'none', '--accel', 'tcg'];
    const { status, stderr } = await eulab(['-C', root, 'boot', ...machine, '--', 'sh', '/host/suite']);
    expect(status, stderr).toBe(42);
  },
  600_000,
);

/** eulab, the suite, and the programs of this machine that they need, with their libraries, as an archive. */
async function hostPrograms(): Promise<Buffer> {
  const programs = ['ip', 'bridge', 'ping'].map(located);
  const files = new Map(programs.map((path) => [`host/bin/${path.replace(/.*\//, '')}`, path]));
  files.set('host/bin/node', process.execPath);
  for (const path of [...programs, process.execPath]) {
    for (const [, library = ''] of execFileSync('ldd', [path])
      .toString()
      .matchAll(/(\/\S+) \(0x/g))
      files.set(library.slice(1), library);
  }
  for (const name of readdirSync(join(root, 'dist'))) files.set(`host/dist/${name}`, join(root, 'dist', name));
  files.set('host/suite', join(root, 'test/fixtures/vlan/suite'));
  const entries = [...files].map(([path, from]) => file(path, readFileSync(from), 0o755));
  const parents = new Set(entries.flatMap(({ path }) => ancestors(path)).toSorted());
  return buffer(newc([...[...parents].map((path) => directory(path)), ...entries] satisfies Entry[]));
}

function located(program: string): string {
  return execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`])
    .toString()
    .trim();
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [...ancestors(parent), parent];
}

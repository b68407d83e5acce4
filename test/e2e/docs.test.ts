import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { blocks, documents, text } from '../docs/blocks.ts';
import { rehearse, stage } from '../docs/rehearse.ts';
import { program, root } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const test = requires('gdb', 'git', 'readelf');

/** What `build kernel` and `build ramdisk` leave; not what other tests have made beside it. */
const built = ['bzImage', 'vmlinux', 'config', 'System.map', 'kernel.*.json', 'kernels', 'initramfs.cpio.gz', 'ramdisk.*.json'];

// DOCS=whole also runs what takes the compiler minutes.
const whole = process.env['DOCS'] === 'whole';
const scope = whole ? { limit: '1h', whole } : undefined;

for (const document of documents()) {
  const all = blocks(document, text(document));
  if (!all.some(({ mark }) => mark?.kind === 'run')) continue;
  test(
    `the commands in ${document} do what it says`,
    async () => {
      using place = stage(tmpdir());
      const line = `mkdir artifacts && cp -a ${built.map((name) => `"$0"/${name}`).join(' ')} artifacts/`;
      const copied = await program('sh', ['-c', line, join(root, 'artifacts')], { cwd: place.path });
      if (copied.status !== 0) throw new Error(copied.stderr);
      expect(await rehearse(all, place, scope)).toBeUndefined();
    },
    whole ? 3_600_000 : 300_000,
  );
}

import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from '../../src/kernel/fragment.ts';
import { explain } from '../../src/kernel/kconfig/explain.ts';
import { readTree, type Tree } from '../../src/kernel/kconfig/tree.ts';
import { explainLost } from '../../src/kernel/kconfig.ts';
import { kernelSource } from '../../src/source/kernel.ts';
import { workspace } from '../../src/workspace.ts';
import { scaled } from '../eulab.ts';

test('a folder without Kconfig files is no kernel source', async () => {
  const lost = [{ symbol: 'A', asked: 'y', got: 'n' }];
  await expect(explainLost(import.meta.dirname, lost, new Map(), 'x86_64')).rejects.toThrow(
    'test/integration is no kernel source',
  );
  await expect(explainLost(import.meta.dirname, [], new Map(), 'x86_64')).resolves.toEqual([]);
});

describe("Debian's kernel", () => {
  let folder: string;
  let tree: Tree;
  let readMs: number;

  beforeAll(async () => {
    // In the cache that the builds have too.
    ({ folder } = await kernelSource({ kind: 'debian' }, { cache: workspace('.', process.env).cache }));
    const began = performance.now();
    tree = await readTree(folder);
    readMs = performance.now() - began;
  });

  test('all of it is read, and fast', async () => {
    expect(tree.version).toMatch(/^\d+\.\d+$/);
    expect(tree.symbols.size).toBeGreaterThan(14_000);
    expect(readMs).toBeLessThan(await scaled(5000));
    // Each line that begins an entry is one, those in the middle of help texts excepted.
    for (const symbol of [
      '64BIT',
      'X86_64',
      'KERNEL_ZSTD',
      'VIRTIO_BLK',
      'E1000E',
      'CRYPTO_AES_NI_INTEL',
      'LOCK_DEBUGGING_SUPPORT',
    ]) {
      expect(tree.symbols.get(symbol), symbol).toBeDefined();
    }
  });

  test.each([
    ['SQUASHFS', 'y', 'BLOCK=y', /^depends on MISC_FILESYSTEMS \[=n\]$/],
    ['VIRTIO_BLKK', 'y', '', /^no such symbol in Linux \d+\.\d+ \(nearest: VIRTIO_BLK\)$/],
    ['DEBUG_KERNEL', 'n', 'DEBUG_KERNEL=y EXPERT=y', /^selected by EXPERT \[=y\]$/],
    ['CPU_FREQ', 'n', 'CPU_FREQ=y SCHED_MC_PRIO=y', /^selected by SCHED_MC_PRIO \[=y\]$/],
    ['KERNEL_XZ', 'y', 'HAVE_KERNEL_XZ=y KERNEL_GZIP=y', /^choice: another member, KERNEL_GZIP, is taken$/],
    ['KASAN', 'y', 'SLUB=y', /^depends on .*SYSFS \[=n\]/],
    ['X86_64', 'n', 'X86_64=y 64BIT=y', /^is not offered \(no prompt\): default y$/],
    ['NR_CPUS', '100000', 'NR_CPUS=64 SMP=y NR_CPUS_RANGE_BEGIN=2 NR_CPUS_RANGE_END=512', /out of range/],
    ['ARM64', 'y', '', /^no such symbol/],
    ['VIRTIO_BLK', 'y', 'BLK_DEV=y', /^depends on VIRTIO \[=n\]$/],
  ])('%s=%s', (symbol, asked, settings, phrase) => {
    const config = parse(settings.replaceAll(/(\w+)=(\w+) ?/g, 'CONFIG_$1=$2\n'), '.config');
    expect(explain({ symbol, asked, got: config.get(symbol) ?? 'n' }, tree, config)).toMatch(phrase);
  });

  test('the line that a user reads', async () => {
    const lost = [{ symbol: 'SQUASHFS', asked: 'y', got: 'n' }];
    expect(await explainLost(folder, lost, parse('CONFIG_BLOCK=y', '.config'), 'x86_64')).toEqual([
      { symbol: 'SQUASHFS', text: 'CONFIG_SQUASHFS=y was asked and is n: depends on MISC_FILESYSTEMS [=n]' },
    ]);
  });
});

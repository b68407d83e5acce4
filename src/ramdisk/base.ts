import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Layout, layoutOf } from './additions/layout.ts';
import { openFile } from './image/file.ts';
import { entriesOf } from './image/read.ts';
import type { BaseRecord } from './recipe.ts';

/** What every guest has, as an archive, and the facts of what it was made from. */
export interface Base {
  readonly file: string;
  readonly layout: Layout;
  readonly inputs: Readonly<Record<string, string>>;
  readonly record: BaseRecord;
}

/** Beside the archive: what it was made from, and what is in it. */
const facts = 'facts.json';
/** As many are kept: one for each busybox and compiler that a user goes between. */
const mostBases = 4;

/** The place of one in the cache. For one process at a time: see the lock of the ramdisk. */
export function keptBase(cache: string, key: string) {
  const folder = join(cache, 'ramdisks');
  const place = join(folder, key);
  const base = (): Base => ({
    file: join(place, 'base.cpio'),
    ...(JSON.parse(readFileSync(join(place, facts), 'utf8')) as Omit<Base, 'file'>),
  });
  return {
    /** Undefined when it was not made yet. */
    found(): Base | undefined {
      try {
        const found = base();
        if (statSync(found.file).size === 0) return undefined;
        utimesSync(place, new Date(), new Date());
        return found;
      } catch {
        return undefined;
      }
    },
    /** Makes it anew, whole or not at all: `write` writes the archive to a file and returns the facts. */
    async make(write: (file: string) => Promise<Pick<Base, 'inputs' | 'record'>>): Promise<Base> {
      const half = `${place}.${process.pid}`;
      mkdirSync(half, { recursive: true });
      try {
        const made = await write(join(half, 'base.cpio'));
        using file = openFile(join(half, 'base.cpio'), { option: '--force', maker: 'eulab build ramdisk' });
        const layout = await layoutOf(entriesOf(file));
        writeFileSync(join(half, facts), JSON.stringify({ ...made, layout }));
        rmSync(place, { recursive: true, force: true });
        renameSync(half, place);
      } finally {
        rmSync(half, { recursive: true, force: true });
      }
      prune(folder, key);
      return base();
    },
  };
}

function prune(folder: string, newest: string): void {
  const others = readdirSync(folder)
    .filter((name) => name !== newest)
    .map((name) => ({ path: join(folder, name), ms: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.ms - a.ms);
  for (const { path } of others.slice(mostBases - 1)) rmSync(path, { recursive: true, force: true });
}

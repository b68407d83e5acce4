import { readFileSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { architectures, variant } from '../architectures.ts';
import { parse } from './fragment.ts';
import type { KernelBuild } from './plan.ts';
import { rules } from './rules.ts';

/** How many objects a build is to make. */
export interface Expected {
  readonly count: number;
  /** It is not what this folder's last build made. */
  readonly about: boolean;
  /** All of it is to be made. */
  readonly whole: boolean;
}

/**
 * How many objects a build will make: as many as the last one of this folder, else of its profile, else as the tree's Makefiles have
 * rules, without those that are there already. Undefined when it is to make only what changed.
 */
export async function expectedObjects(build: KernelBuild): Promise<Expected | undefined> {
  const { objects } = build;
  if ((await stat(join(objects, 'vmlinux')).catch(() => undefined)) !== undefined) return undefined;
  const names = await readdir(objects, { recursive: true, encoding: 'utf8' });
  const there = names.filter((name) => /\.[oa]$/.test(name)).length;
  const last = await counted(objects);
  const count = last ?? (await countedBefore(build)) ?? (await countedRules(build));
  const whole = there < afterConfig;
  if (count === undefined) return undefined;
  return { count: whole ? count : Math.max(count - there, 0), about: last === undefined || !whole, whole };
}

/** More objects than the programs have that make the config. */
const afterConfig = 30;

/** Keeps how many objects a build made that made all. */
export async function keepCount({ objects }: KernelBuild, done: number): Promise<void> {
  await writeFile(join(objects, file), String(done));
}

const file = 'eulab.objects';

async function counted(objects: string): Promise<number | undefined> {
  return Number(await readFile(join(objects, file), 'utf8').catch(() => '')) || undefined;
}

/** What the last whole build of the same profile made, of whatever source. */
async function countedBefore({ objects, profile, arch, toolchain }: KernelBuild): Promise<number | undefined> {
  const all = dirname(objects);
  const end = `-${profile.name}${variant(arch, toolchain)}`;
  const others = (await readdir(all)).filter((name) => name !== basename(objects) && name.endsWith(end));
  const dates = await Promise.all(
    others.map(async (name) => {
      const found = await stat(join(all, name, file)).catch(() => undefined);
      return { name, mtimeMs: found?.mtimeMs ?? 0 };
    }),
  );
  const [latest] = dates.sort((a, b) => b.mtimeMs - a.mtimeMs);
  return latest === undefined ? undefined : await counted(join(all, latest.name));
}

async function countedRules({ objects, source, arch }: KernelBuild): Promise<number | undefined> {
  const text = await readFile(join(objects, '.config'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const config = parse(text, '.config');
  return rules({
    read: (path) => {
      try {
        return readFileSync(join(source, path), 'utf8');
      } catch {
        return undefined;
      }
    },
    value: (symbol) => (config.get(symbol) ?? 'n').replace(/^n$/, ''),
    arch: architectures[arch].folder,
  });
}

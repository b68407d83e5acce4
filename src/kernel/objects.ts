import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchName, architectures } from '../architectures.ts';
import { digest } from '../digest.ts';
import { EulabError, status } from '../errors.ts';
import type { KernelBuild } from './plan.ts';

/** What eulab keeps in an object folder, to know what need not be done again. */
interface Kept {
  readonly key: string;
  readonly state: string;
}

const configured = 'eulab.configured';
const collected = 'eulab.collected';

/**
 * Refuses a source tree in which a kernel was built, or configured: make does not build such a tree into another folder.
 *
 * @throws EulabError (2) with make's own remedy.
 * @see the target outputmakefile of the kernel's Makefile
 */
export async function checkClean(source: string, arch: ArchName): Promise<void> {
  for (const name of ['.config', 'include/config', `arch/${architectures[arch].folder}/include/generated`]) {
    if ((await mark(join(source, name))) === '') continue;
    throw new EulabError(`the source tree ${source} is not clean: it has ${name}`, {
      hint: `eulab builds into a folder of its own, for which the tree must be clean: make -C ${source} mrproper (its .config goes too)`,
      exitCode: status.usage,
    });
  }
}

/** Whether the config in the object folder is the one that this key stands for, and no Kconfig file has changed since. */
export async function isConfigured({ objects, source }: KernelBuild, key: string): Promise<boolean> {
  const kept = await read(join(objects, configured));
  if (kept?.key !== key || kept.state !== (await configDigest(objects))) return false;
  const made = await stat(join(objects, 'include/config/auto.conf')).catch(() => undefined);
  if (made === undefined) return false;
  const times = await Promise.all((await kconfigFiles(objects)).map((file) => stat(join(source, file)).catch(() => undefined)));
  return times.every((found) => found !== undefined && found.mtimeMs <= made.mtimeMs);
}

/** Keeps that the config was made for this key, and is what was asked for. */
export async function keepConfigured({ objects }: KernelBuild, key: string): Promise<void> {
  await keep(join(objects, configured), { key, state: await configDigest(objects) });
}

/** Whether what this product, "NAME KEY", was made from last is still as it was then. */
export async function isCollected({ objects }: Pick<KernelBuild, 'objects'>, key: string): Promise<boolean> {
  const kept = await read(join(objects, collected));
  return kept?.key === key && kept.state === (await resultsOf(objects));
}

/** Keeps that this product was made from what is in the object folder now. */
export async function keepCollected({ objects }: KernelBuild, key: string): Promise<void> {
  await keep(join(objects, collected), { key, state: await resultsOf(objects) });
}

/** The words for make, where utils/kernel/build reads them. */
export async function writeTargets(objects: string, words: readonly string[]): Promise<void> {
  await writeFile(join(objects, 'eulab.targets'), `${words.join('\n')}\n`);
}

/** Forgets both: all is done again, but for what make finds done. */
export async function forget({ objects }: KernelBuild): Promise<void> {
  for (const name of [configured, collected]) await rm(join(objects, name), { force: true });
}

/** What compiled what is in the object folder, as utils/toolchain/versions prints it. */
export async function tools({ objects }: KernelBuild): Promise<string[]> {
  return (await readFile(join(objects, 'eulab.tools'), 'utf8').catch(() => '')).split('\n');
}

/** The Kconfig files that the config was made from, as kbuild lists them; those outside the tree by their absolute paths. */
async function kconfigFiles(objects: string): Promise<string[]> {
  const text = await readFile(join(objects, 'include/config/auto.conf.cmd'), 'utf8').catch(() => '');
  const list = /^deps_config := \\\n((?:.*\\\n)*)/m.exec(text)?.[1] ?? '';
  return list
    .split('\n')
    .map((line) => line.replace('\\', '').trim())
    .filter((name) => name !== '' && !name.startsWith('$'));
}

async function configDigest(objects: string): Promise<string> {
  const config = await readFile(join(objects, '.config')).catch(() => '');
  return digest(config);
}

/** Size and time of each file that goes into the product. */
export async function resultsOf(objects: string): Promise<string> {
  const image = (await readFile(join(objects, 'eulab.image'), 'utf8').catch(() => '')).trim();
  const files = [image || 'no image', 'vmlinux', 'System.map', '.config', 'eulab.modules/stamp', 'vmlinux-gdb.py'];
  return (await Promise.all(files.map((file) => mark(join(objects, file))))).join(' ');
}

/** A file's size and time, '' when there is none. */
async function mark(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? '' : `${found.size}:${found.mtimeMs}`;
}

async function read(file: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept;
  } catch {
    return undefined;
  }
}

async function keep(file: string, kept: Kept): Promise<void> {
  await writeFile(file, JSON.stringify(kept));
}

/** Those of the targets that are files or folders in the object folder now, by their paths there. */
export async function made(objects: string, words: readonly string[]): Promise<string[]> {
  const paths = words.filter((word) => !/^-|=/.test(word)).map((word) => join(objects, word));
  const marks = await Promise.all(paths.map(mark));
  return paths.filter((_, index) => marks[index] !== '');
}

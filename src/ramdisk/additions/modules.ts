import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { EulabError } from '../../errors.ts';
import { filtered } from '../../filter.ts';
import { file } from '../entry.ts';
import { type ModuleInfo, moduleInfo, moduleName } from '../modinfo.ts';
import { fits } from '../vermagic.ts';
import type { ModuleFolder } from './module-folder.ts';
import { identityOf, type Placed, placedHere } from './placed.ts';
import { refusedAddition } from './spec.ts';

/** What is to be loaded in the guest before anything else. */
export interface ModuleWish {
  /** Each a name or a .ko file, with options for it behind a space. */
  readonly named: readonly string[];
  /** Drivers that are loaded if the kernel has them as modules. */
  readonly drivers: readonly string[];
  readonly list: (typeof moduleLists)[keyof typeof moduleLists];
  /** What the kernel wants a module to say of itself, where its config is known. */
  readonly magic: string | undefined;
}

/**
 * The lists that the guest's first process loads: see utils/agent/additions.c. That of an image stays when a boot brings another.
 */
export const moduleLists = { image: 'etc/eulab/modules', boot: 'etc/eulab/modules.boot' } as const;

interface Module extends ModuleInfo {
  readonly name: string;
  readonly guest: string;
  readonly bytes: Uint8Array;
  readonly identity: string;
  readonly path: string;
}

/**
 * The modules that are wished for, with all that they need, and the list in the order in which they are loaded. Compressed ones
 * are unpacked here: few kernels do it by themselves. Those that the kernel has in itself are left out.
 *
 * @throws EulabError (2) for a module that is not there, is none, or was built for another kernel.
 */
export async function modules(wish: ModuleWish, folder: ModuleFolder): Promise<Placed[]> {
  const known = reader(folder, wish.magic);
  const loaded = new Map<string, { readonly module: Module; readonly options: string; readonly said: string }>();
  const begun = new Set<string>();
  const load = async (found: Module, said: string, options: string): Promise<void> => {
    begun.add(found.name);
    for (const name of [...found.before, ...found.depends]) await loadNamed(name, said, dirname(found.path));
    loaded.set(found.name, { module: found, options, said });
    for (const name of found.after) await loadNamed(name, said);
  };
  const loadNamed = async (name: string, said: string, beside?: string): Promise<void> => {
    const found = (await known.find(name, said)) ?? (await known.beside(name, said, beside));
    if (found !== undefined && !begun.has(found.name)) await load(found, said, '');
  };
  for (const driver of wish.drivers) await loadNamed(driver, `--kernel: its driver ${driver}`);
  for (const text of wish.named) {
    const said = `--module ${text}`;
    const [, name = '', options = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    if (/[\n\0]/.test(text)) throw refusedAddition(said, 'is no name with options', 'write --module "NAME OPTION=VALUE"');
    const found = isFile(name) ? await known.read(resolve(name), said) : await known.find(name, said);
    if (found === undefined) {
      if (folder.builtin.has(moduleName(name))) continue;
      throw refusedAddition(said, `${folder.path} has no module ${name}`, 'name another, or its folder with --modules');
    }
    const there = loaded.get(found.name);
    if (there !== undefined) loaded.set(found.name, { ...there, options });
    else await load(found, said, options);
  }
  if (loaded.size === 0) return [];
  const lines = [...loaded.values()].map(({ module, options }) => `/${module.guest}${options === '' ? '' : ` ${options}`}\n`);
  return [
    ...[...loaded.values()].map(({ module, said }) => ({
      entry: file(module.guest, module.bytes),
      from: module.path,
      identity: module.identity,
      said,
    })),
    placedHere(file(wish.list, Buffer.from(lines.join(''))), '--module'),
  ];
}

/** True for the name of a .ko file, or a path; the name of a module has neither a dot nor a slash. Pure. */
export function isFile(name: string): boolean {
  return name.includes('/') || /\.ko(?:\.(?:gz|xz|zst))?$/.test(name);
}

/** Reads modules of a folder, each once. */
function reader(folder: ModuleFolder, magic: string | undefined) {
  const { path, version, files, aliases } = folder;
  const seen = new Map<string, Module>();
  const read = async (file: string, said: string): Promise<Module> => {
    const earlier = seen.get(file);
    if (earlier !== undefined) return earlier;
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) throw refusedAddition(said, `there is no ${file}`, 'name another module');
    const bytes = await unpacked(file);
    const info = infoOf(bytes, file, said);
    if (!fits(info.magic, { version, magic }))
      throw unfit({ said, file, folder: path, module: info.magic, kernel: magic ?? version });
    const below = path !== '' && file.startsWith(`${path}/`) ? file.slice(path.length + 1) : `extra/${moduleName(file)}.ko`;
    const guest = `lib/modules/${version}/${below.replace(/\.(gz|xz|zst)$/, '')}`;
    const found: Module = { ...info, name: moduleName(file), guest, bytes, identity: identityOf(stat), path: file };
    seen.set(file, found);
    return found;
  };
  const named = (name: string) => files.get(name.replaceAll('-', '_'));
  const find = async (name: string, said: string): Promise<Module | undefined> => {
    const direct = named(name) ?? named(aliases.get(name) ?? '');
    if (direct !== undefined) return await read(join(path, direct), said);
    // Without depmod's list of aliases a module says them itself; "crc32c" is an alias of crc32c_generic.
    const close = [...files].filter(([each]) => each.startsWith(`${name.replaceAll('-', '_')}_`));
    for (const [, file] of aliases.size === 0 ? close : []) {
      const found = await read(join(path, file), said);
      if (found.aliases.includes(name)) return found;
    }
    return undefined;
  };
  /** What a module needs may lie beside it. */
  const beside = async (name: string, said: string, place: string | undefined): Promise<Module | undefined> => {
    if (place === undefined || folder.builtin.has(moduleName(name))) return undefined;
    const file = readdirSync(place).find((each) => isFile(each) && moduleName(each) === moduleName(name));
    return file === undefined ? undefined : await read(join(place, file), said);
  };
  return { read, find, beside };
}

function unfit(facts: Readonly<Record<'said' | 'file' | 'folder' | 'module' | 'kernel', string>>): EulabError {
  const { said, file, folder, module, kernel } = facts;
  const what = `${file} is for Linux "${module}", and the kernel is "${kernel}"`;
  if (folder !== '' && file.startsWith(`${folder}/`))
    return refusedAddition(said, what, "name the kernel's own modules with --modules");
  return refusedAddition(said, what, 'build it for this kernel: eulab build kernel [--name KERNEL] -- M=FOLDER');
}

function infoOf(bytes: Uint8Array, file: string, said: string): ModuleInfo {
  try {
    return moduleInfo(bytes, file);
  } catch (error) {
    throw refusedAddition(said, error instanceof Error ? error.message : String(error), 'name another module');
  }
}

async function unpacked(file: string): Promise<Uint8Array> {
  const bytes = readFileSync(file);
  if (file.endsWith('.gz')) return gunzipSync(bytes);
  const program = { '.xz': 'xz', zst: 'zstd' }[file.slice(-3)];
  if (program === undefined) return bytes;
  const pieces: Uint8Array[] = [];
  for await (const piece of filtered({ file: program, args: ['-dcq'] }, [bytes])) pieces.push(piece);
  return Buffer.concat(pieces);
}

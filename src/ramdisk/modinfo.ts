import { EulabError } from '../errors.ts';

/** What a kernel module says of itself. */
export interface ModuleInfo {
  /** The kernel that it was built for: version and what else must be the same. */
  readonly magic: string;
  /** Modules by name that must be there before it. */
  readonly depends: readonly string[];
  /** Names or aliases of modules that had better be there, before it and after it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly aliases: readonly string[];
}

const sectionBytes = 64;

/**
 * The facts in a module's .modinfo section: those that depmod(8) writes modules.dep from. Pure; `name` is for the errors.
 *
 * @throws EulabError when it is no 64-bit module.
 */
export function moduleInfo(bytes: Uint8Array, name: string): ModuleInfo {
  const words = texts(bytes, name);
  const values = (key: string) => words.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1));
  const soft = values('softdep').join(' ').split(/\s+/);
  const softOf = (kind: string) => {
    let current = '';
    return soft.filter((word) => {
      if (word === 'pre:' || word === 'post:') current = word;
      else return current === kind && word !== '';
      return false;
    });
  };
  return {
    magic: values('vermagic')[0]?.trim() ?? '',
    depends: values('depends').flatMap((list) => list.split(',').filter((each) => each !== '')),
    before: softOf('pre:'),
    after: softOf('post:'),
    aliases: values('alias'),
  };
}

function texts(bytes: Uint8Array, name: string): string[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (all.length < sectionBytes || all.readUInt32BE(0) !== 0x7f454c46 || all[4] !== 2 || all[5] !== 1)
      throw new EulabError(`${name} is no kernel module`);
    const table = Number(all.readBigUInt64LE(40));
    const at = (index: number) => table + index * sectionBytes;
    const place = (index: number) => {
      const offset = Number(all.readBigUInt64LE(at(index) + 24));
      return all.subarray(offset, offset + Number(all.readBigUInt64LE(at(index) + 32)));
    };
    const names = place(all.readUInt16LE(62));
    for (let index = 0; index < all.readUInt16LE(60); index += 1) {
      const begin = all.readUInt32LE(at(index));
      if (names.toString('latin1', begin, names.indexOf(0, begin)) === '.modinfo') return place(index).toString().split('\0');
    }
  } catch (error) {
    if (error instanceof RangeError) throw new EulabError(`${name} is cut: its section headers lie beyond its end`);
    throw error;
  }
  throw new EulabError(`${name} is no kernel module: it has no .modinfo`);
}

/** A module's name from its path: dashes and underscores are the same to the kernel. Pure. */
export function moduleName(path: string): string {
  return path
    .replace(/^.*\//, '')
    .replace(/\.ko(\.(gz|xz|zst))?$/, '')
    .replaceAll('-', '_');
}

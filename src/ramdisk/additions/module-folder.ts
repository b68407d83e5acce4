import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { moduleName } from '../modinfo.ts';

/** The modules that were built with one kernel, as they lie in /lib/modules/VERSION. */
export interface ModuleFolder {
  readonly path: string;
  readonly version: string;
  /** Their paths in the folder, by their names. */
  readonly files: ReadonlyMap<string, string>;
  /** The names of those that the kernel has in itself. */
  readonly builtin: ReadonlySet<string>;
  /** Names of modules by one alias that has no wildcards. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Where the modules of a kernel lie: in `asked`, or beside the kernel as its package or `build kernel` has them, or in the host's
 * /lib/modules. Undefined when there are none.
 */
export function findModules(kernel: string, version: string, asked: string | undefined): string | undefined {
  const beside = dirname(kernel);
  const above = dirname(beside);
  const places =
    asked === undefined
      ? [
          beside,
          ...[above, join(above, 'usr'), join(beside, 'modules'), beside, '/'].map((root) => join(root, 'lib/modules', version)),
        ]
      : [asked, join(asked, version), join(asked, 'lib/modules', version), join(asked, 'usr/lib/modules', version)];
  return places.find((place) => lists.some((name) => existsSync(join(place, name))));
}

/** Each of them is in a folder of modules, and tells of its files. modules.dep is depmod's, the other is the build's. */
const lists = ['modules.dep', 'modules.order'];

/** What lies in a folder of modules. */
export function moduleFolder(path: string, version: string): ModuleFolder {
  return {
    path,
    version,
    files: new Map(filesIn(path).map((file) => [moduleName(file), file])),
    builtin: new Set(linesOf(join(path, 'modules.builtin')).map(moduleName)),
    aliases: new Map(
      linesOf(join(path, 'modules.alias')).flatMap((line): [string, string][] => {
        const [word, alias, name] = line.split(' ');
        return word === 'alias' && alias !== undefined && name !== undefined && !/[*?[]/.test(alias) ? [[alias, name]] : [];
      }),
    ),
  };
}

/** The folder of a kernel that has none: what it has in itself is not known then. Pure. */
export function noModuleFolder(version: string): ModuleFolder {
  return { path: '', version, files: new Map(), builtin: new Set(), aliases: new Map() };
}

function filesIn(path: string): string[] {
  const known = linesOf(join(path, 'modules.dep')).map((line) => line.replace(/:.*/, ''));
  if (known.length > 0) return known;
  // A build lists what it made by the names before any compression.
  const order = linesOf(join(path, 'modules.order'));
  const there = (name: string) =>
    ['', '.xz', '.zst', '.gz'].map((end) => name + end).find((file) => existsSync(join(path, file)));
  const [first] = order;
  const end = first === undefined ? undefined : there(first)?.slice(first.length);
  if (end !== undefined) return order.map((name) => name + end);
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ko(\.(gz|xz|zst))?$/.test(name));
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Dynamic, dynamicOf } from '../elf-dynamic.ts';
import { ldCache } from '../ld-cache.ts';
import { refusedAddition } from './spec.ts';

/** A shared library, or the loader, at the path where it was found. */
export interface Library {
  readonly path: string;
  /** The name by which it is needed, when only the host's cache knows where it lies: the guest has no cache. */
  readonly cachedAs: string | undefined;
}

/** A program or a library that was loaded, as the dynamic loader does it. */
interface Loaded {
  readonly path: string;
  readonly dynamic: Dynamic;
  readonly by: Loaded | undefined;
}

/** Where a loader looks. */
interface Search {
  readonly folders: readonly string[];
  readonly cache: ReadonlyMap<string, readonly string[]>;
  /** A name that the loader itself stands for. */
  own(name: string): boolean;
  /** What $LIB stands for; undefined for a loader that knows $ORIGIN alone. */
  readonly lib: string | undefined;
}

/**
 * The loader of a program and all libraries that it needs, found as the loader would find them; nothing is executed. Empty for
 * a static program.
 *
 * @throws EulabError (2) that names the library that is missing and who needs it.
 * @see ld.so(8)
 */
export function librariesOf(path: string, dynamic: Dynamic, said: string): Library[] {
  if (dynamic.interpreter === undefined) return [];
  const loader = dynamic.interpreter;
  if (statSync(loader, { throwIfNoEntry: false }) === undefined) {
    throw refusedAddition(
      said,
      `${path} needs the loader ${loader}, which this host has not`,
      'install it, or link the program statically',
    );
  }
  const search = /\/ld-musl-/.test(loader) ? musl(loader) : glibc(loader);
  const found = new Map<string, Library>([[loader, { path: loader, cachedAs: undefined }]]);
  // The C library names the loader too, which is there already.
  const seen = new Set([basename(loader)]);
  const waiting: Loaded[] = [{ path, dynamic, by: undefined }];
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    for (const name of one.dynamic.needed) {
      if (seen.has(name) || search.own(name)) continue;
      seen.add(name);
      const library = find(name, one, search);
      if (library === undefined) {
        throw refusedAddition(
          said,
          `${one.path} needs ${name}, which is nowhere on this host`,
          'install the package that has it',
        );
      }
      found.set(library.path, { path: library.path, cachedAs: library.cached ? name : undefined });
      waiting.push({ path: library.path, dynamic: library.dynamic, by: one });
    }
  }
  return [...found.values()];
}

/** Where the libraries of a program lie that the loader finds by itself. */
export function libraryFolder(loader: string): string {
  return dirname(realpathSync(loader));
}

function find(name: string, one: Loaded, search: Search) {
  const { cache, folders } = search;
  const machine = one.dynamic.machine;
  const at = (path: string, cached: boolean) => {
    const dynamic = loadable(path);
    return dynamic?.machine === machine ? { path, dynamic, cached } : undefined;
  };
  if (name.includes('/')) return at(resolve(dirname(one.path), name), false);
  const first = [...inherited(one, search), ...one.dynamic.runpath.map((folder) => expanded(folder, one, search))];
  const own = new Set(folders);
  const places = [
    ...first.map((folder) => [join(folder, name), false] as const),
    ...(cache.get(name) ?? []).map((path) => [path, !own.has(dirname(path))] as const),
    ...folders.map((folder) => [join(folder, name), false] as const),
  ];
  for (const [path, cached] of places) {
    const library = at(path, cached);
    if (library !== undefined) return library;
  }
  return undefined;
}

/** DT_RPATH of a file without DT_RUNPATH, and of all that led to it. */
function inherited(one: Loaded, search: Search): string[] {
  const paths: string[] = [];
  if (one.dynamic.runpath.length > 0) return paths;
  for (let each: Loaded | undefined = one; each !== undefined; each = each.by) {
    const from = each;
    if (from.dynamic.runpath.length === 0) paths.push(...from.dynamic.rpath.map((folder) => expanded(folder, from, search)));
  }
  return paths;
}

/** A folder with what stands for something replaced. @see ld.so(8), "Dynamic string tokens" */
function expanded(folder: string, { path, dynamic }: Loaded, { lib }: Search): string {
  const values: Record<string, string | undefined> = {
    ORIGIN: dirname(realpathSync(path)),
    LIB: lib,
    // The kernel says so of every CPU of a kind; loaders before glibc 2.37 knew names for some.
    PLATFORM: lib === undefined ? undefined : dynamic.machine,
  };
  return folder.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (text, braced, bare) => values[braced ?? bare] ?? text);
}

function loadable(path: string): Dynamic | undefined {
  try {
    return dynamicOf(readFileSync(path), path);
  } catch {
    return undefined;
  }
}

function glibc(loader: string): Search {
  const home = libraryFolder(loader);
  const folders = new Set([home.replace(/^\/usr/, ''), home, '/lib64', '/usr/lib64', '/lib', '/usr/lib']);
  // The loader lies where the C library was configured to have its libraries: lib64, lib/x86_64-linux-gnu, lib.
  const lib = home.replace(/^(\/usr)?\//, '');
  return { folders: [...folders], cache: ldCache(content('/etc/ld.so.cache')), own: () => false, lib };
}

/** @see ldso/dynlink.c of musl */
function musl(loader: string): Search {
  const paths = content(muslPaths(loader))
    .toString()
    .split(/[:\n]/)
    .filter((path) => path !== '');
  return {
    folders: paths.length > 0 ? paths : ['/lib', '/usr/local/lib', '/usr/lib'],
    cache: new Map(),
    own: (name) => /^lib(c|pthread|rt|m|dl|util|xnet)\./.test(name),
    lib: undefined,
  };
}

/** The file that tells musl's loader where to look; it may be absent. */
export function muslPaths(loader: string): string {
  return loader.replace(/^.*\/(ld-musl-[^/]+)\.so\.1$/, '/etc/$1.path');
}

function content(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

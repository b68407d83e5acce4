import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { locate } from '../../exec.ts';
import { dynamicOf } from '../elf-dynamic.ts';
import { symlink } from '../entry.ts';
import type { Base } from './layout.ts';
import { librariesOf, libraryFolder, muslPaths } from './libraries.ts';
import { type Placed, placedFile, placedHere } from './placed.ts';
import { checkPlace, refusedAddition } from './spec.ts';

/** Who is to run a program. */
export interface Guest {
  readonly machine: string;
  readonly base: Base;
}

/** Where the guest looks programs up. */
const guestPath = ['/sbin', '/bin', '/usr/sbin', '/usr/bin'];
/** Where the host may have them, though an ordinary user's PATH does not say so. */
const morePath = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** A script's interpreter may be a script; a circle ends. */
const mostScripts = 5;

/**
 * A program of the host's by its name or path, with all that it needs to run: its loader and libraries, or its interpreter
 * where the guest has none at that path. It lies in the guest where it lies on the host, and is found by its name.
 *
 * @throws EulabError (2) when it is not there, no program, for another machine, or lacks a library.
 */
export function program(wanted: string, guest: Guest, said = `--program ${wanted}`): Placed[] {
  const path = locate(wanted, { PATH: [process.env['PATH'] ?? '', ...morePath].join(':') });
  if (path === undefined || !statSync(path).isFile()) {
    const there = wanted.includes('/') && statSync(wanted, { throwIfNoEntry: false }) !== undefined;
    const what = there ? 'is no program: it cannot be executed' : `there is no program ${wanted}`;
    throw refusedAddition(said, what, 'name one on PATH, or by its path');
  }
  const host = resolve(path);
  const real = realpathSync(host);
  checkPlace(said, real);
  // Scripts name it by any of the paths that lead to it here.
  const others = [host, ...guestPath.map((folder) => join(folder, basename(host)))].filter(
    (each) => each !== real && leadsTo(each, real),
  );
  const reached = [real, ...others].some((each) => guestPath.includes(dirname(each)));
  const links = new Set(reached ? others : [...others, join('/bin', basename(host))]);
  return [...at(real, real, guest, { said, mode: undefined, scripts: 0 }), ...[...links].map((each) => link(each, real, said))];
}

/** A file of the host's as the guest's first process, with all that it needs to run. @throws EulabError (2) as `program`. */
export function firstProcess(path: string, guest: Guest): Placed[] {
  const said = `--init ${path}`;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw refusedAddition(said, 'there is no such file', 'name a program or a script');
  if (!found.isFile()) throw refusedAddition(said, 'is no file', 'name a program or a script');
  return at(realpathSync(path), '/init', guest, { said, mode: 0o755, scripts: 0 });
}

function leadsTo(path: string, real: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined && realpathSync(path) === real;
}

interface Call {
  readonly said: string;
  readonly mode: number | undefined;
  readonly scripts: number;
}

/** The file `real` of the host at `place`, with what it needs. */
function at(real: string, place: string, guest: Guest, { said, mode, scripts }: Call): Placed[] {
  const bytes = content(real, said);
  const placed = placedFile(real, place.slice(1), statSync(real, { bigint: true }), said, mode);
  const dynamic = dynamicOf(bytes, real);
  if (dynamic === undefined) return [placed, ...interpreterOf(bytes, real, guest, { said, scripts })];
  if (dynamic.machine !== guest.machine) {
    const what = `${real} is a program for ${dynamic.machine}, and the guest is ${guest.machine}`;
    throw refusedAddition(said, what, `name a program for ${guest.machine}`);
  }
  const libraries = librariesOf(real, dynamic, said);
  const loader = dynamic.interpreter;
  const files = libraries.map(({ path }) => placedFile(path, path.slice(1), statSync(path, { bigint: true }), said, 0o755));
  const cached = libraries.flatMap(({ path, cachedAs }) =>
    cachedAs === undefined || loader === undefined ? [] : [link(join(libraryFolder(loader), cachedAs), path, said)],
  );
  return [placed, ...files, ...cached, ...(loader === undefined ? [] : searchPaths(loader, said))];
}

function searchPaths(loader: string, said: string): Placed[] {
  const path = muslPaths(loader);
  const found = path === loader ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? [] : [placedFile(path, path.slice(1), found, said)];
}

/** What runs a script, unless the guest has it. */
function interpreterOf(bytes: Uint8Array, real: string, guest: Guest, { said, scripts }: Omit<Call, 'mode'>): Placed[] {
  const line = /^#![ \t]*(\S+)[ \t]*([^\n]*)/.exec(Buffer.from(bytes.subarray(0, 256)).toString());
  if (line === null) throw refusedAddition(said, `${real} is neither a program nor a script that begins with #!`, 'name another');
  if (scripts >= mostScripts) throw refusedAddition(said, `${real} is a script of a script of a script`, 'name its interpreter');
  const [, interpreter = '', words = ''] = line;
  const list = brought(interpreter, guest, said, scripts);
  if (basename(interpreter) !== 'env') return list;
  const name = words.split(/\s+/).find((word) => word !== '' && !word.startsWith('-') && !word.includes('='));
  if (name === undefined || guestPath.some((folder) => guest.base.file(join(folder, name).slice(1)))) return list;
  return [...list, ...program(name, guest, said)];
}

/** An interpreter at the very path at which a script names it. */
function brought(path: string, guest: Guest, said: string, scripts: number): Placed[] {
  if (guest.base.file(path.slice(1))) return [];
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw refusedAddition(said, `its interpreter ${path} is neither on this host nor in the guest`, 'mend its first line');
  }
  const real = realpathSync(path);
  const files = at(real, real, guest, { said, mode: undefined, scripts: scripts + 1 });
  return real === path ? files : [...files, link(path, real, said)];
}

function link(path: string, target: string, said: string): Placed {
  return { ...placedHere(symlink(path.slice(1), target), said), from: target, identity: target };
}

function content(path: string, said: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw refusedAddition(said, `you may not read ${path}`, 'mind its permissions');
  }
}

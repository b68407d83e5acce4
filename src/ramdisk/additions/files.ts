import { accessSync, type BigIntStats, constants, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isErrno } from '../../errors.ts';
import { deviceOf, directory, symlink } from '../entry.ts';
import { compare } from '../tree.ts';
import type { Base } from './layout.ts';
import { type Placed, placedFile } from './placed.ts';
import { type Addition, checkPlace, isPattern, patternOf, refusedAddition } from './spec.ts';

/**
 * The files and folders of an addition, at their places: permissions as they are on the host, owners root. A link that was named
 * is followed, links in a folder stay links.
 *
 * @throws EulabError (2) when there is no such file, nothing matches, or it cannot be read or be in an archive.
 */
export function added(addition: Addition, base: Base): Placed[] {
  const { said, from, to } = addition;
  const matches = named(addition);
  const inside = to?.endsWith('/') || (isPattern(from) && !exists(from));
  return matches.flatMap((path) => {
    const host = resolve(path);
    const found = statSync(host, { bigint: true });
    const place = to === undefined ? host : inside ? join(to, basename(host)) : to;
    // As cp(1) does with a folder that is there.
    const into = !found.isDirectory() && base.folder(place.slice(1)) ? join(place, basename(host)) : place;
    checkPlace(said, into);
    return found.isDirectory()
      ? folder(host, into.slice(1), said)
      : [one(host, into.replace(/^\/+/, ''), found, said)].flatMap(readable);
  });
}

/** All that is in a folder, laid over the guest's root. @throws EulabError (2) as `added`. */
export function overlaid(path: string): Placed[] {
  const said = `--overlay ${path}`;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw refusedAddition(said, 'there is no such folder', 'name a folder');
  if (!found.isDirectory()) throw refusedAddition(said, 'is not a folder', 'put a single file in with --add');
  return laidOver(resolve(path), said);
}

/** All that is in a folder, at its place below the guest's root. @throws EulabError (2) as `added`. */
export function laidOver(path: string, said: string): Placed[] {
  return folder(path, '', said);
}

/** What a name or a pattern names. */
function named({ said, from }: Addition): string[] {
  if (exists(from)) return [from];
  if (!isPattern(from)) throw refusedAddition(said, 'there is no such file', 'name a file, a folder or a pattern');
  const matches = expanded(from);
  if (matches.length === 0) throw refusedAddition(said, 'nothing matches', 'name a file, a folder or another pattern');
  return matches;
}

/** The paths that a pattern matches, in their order. @see glob(7) */
export function expanded(pattern: string): string[] {
  let places = [pattern.startsWith('/') ? '/' : ''];
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    const below = (place: string) => (isPattern(part) ? names(place).filter((name) => patternOf(part).test(name)) : [part]);
    places = places.flatMap((place) =>
      below(place)
        .map((name) => `${place}${name}`)
        .filter(exists)
        .map((path) => `${path}/`),
    );
  }
  return places.map((place) => place.slice(0, -1));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder === '' ? '.' : folder).sort(compare);
  } catch {
    return [];
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function folder(host: string, guest: string, said: string): Placed[] {
  const list: Placed[] = [];
  const walk = (path: string, place: string) => {
    if (place !== '') list.push({ entry: directory(place, modeOf(path)), from: path, identity: String(modeOf(path)), said });
    for (const name of readdirSync(path).sort(compare)) {
      const [here, there] = [join(path, name), place === '' ? name : `${place}/${name}`];
      const found = lstatSync(here, { bigint: true });
      if (found.isDirectory()) walk(here, there);
      else list.push(...readable(one(here, there, found, said)));
    }
  };
  try {
    walk(host, guest);
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw refusedAddition(said, `${error.path ?? host} cannot be read (${error.code})`, 'name a folder that you may read whole');
  }
  return list;
}

function modeOf(folder: string): number {
  return lstatSync(folder).mode & 0o7777;
}

function one(host: string, guest: string, found: BigIntStats, said: string): Placed {
  if (found.isFile()) return placedFile(host, guest, found, said);
  const common = { from: host, identity: '', said };
  if (found.isSymbolicLink()) {
    const target = readlinkSync(host);
    return { ...common, entry: symlink(guest, target), identity: target };
  }
  const mode = Number(found.mode) & 0o7777;
  const device = deviceOf(Number(found.rdev));
  const numbers = { ...common, identity: `${mode} ${device.major} ${device.minor}` };
  if (found.isCharacterDevice()) return { ...numbers, entry: { type: 'character', path: guest, mode, device } };
  if (found.isBlockDevice()) return { ...numbers, entry: { type: 'block', path: guest, mode, device } };
  if (found.isFIFO()) return { ...numbers, entry: { type: 'fifo', path: guest, mode } };
  throw refusedAddition(said, `${host} is a socket, which has no place in an archive`, 'remove it, or name what is beside it');
}

/** The same, when it may be read. */
function readable(placed: Placed): Placed[] {
  try {
    if (placed.entry.type === 'file') accessSync(placed.from, constants.R_OK);
  } catch {
    throw refusedAddition(placed.said, `you may not read ${placed.from}`, 'mind its permissions');
  }
  return [placed];
}

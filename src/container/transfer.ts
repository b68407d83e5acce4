import { randomUUID } from 'node:crypto';
import { lutimes, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { digest } from '../digest.ts';
import { CommandError, EulabError } from '../errors.ts';
import { piped, read } from '../exec.ts';
import { size } from '../progress.ts';
import type { Report } from '../report.ts';
import { writeWhole } from '../whole-file.ts';
import { aloneAt, giving, listingName, type Packer, receiving, removing, sending, strange, taking } from './copy.ts';
import { checkSaid } from './ending.ts';
import { containedRun, type Image, type Mounted } from './engine.ts';
import { type Marks, markOf, marksOf } from './listing.ts';
import { temporary } from './temporary.ts';
import { storeOf } from './way.ts';

/** An engine that sees none of our folders: it has copies of them, in volumes. */
export interface Elsewhere {
  /** Where it is, as its client is told. */
  readonly address: string;
  /** The folder that has the lists of what it has copies of. */
  readonly lists: string;
  readonly report: Report;
}

/** What is known of a copy. */
export interface List {
  /** What the copy itself says that it is. */
  readonly mark: string;
  /** What we have sent, as it was here. */
  readonly sent: Readonly<Record<string, string>>;
  /** What was made there, as it is there, and as it is here; null when it was left there. */
  readonly brought: Readonly<Record<string, readonly [there: string, here: string | null]>>;
}

/** The copy of one folder. */
export interface Copy {
  readonly mount: Mounted;
  readonly volume: string;
  /** The file that keeps the list. */
  readonly file: string;
  readonly list: List;
  /** What is brought back was made from what was here then, in ms since 1970. */
  readonly sinceMs: number;
}

/** What every step needs. */
export interface Errand {
  readonly image: Image;
  readonly elsewhere: Elsewhere;
  readonly packer: Packer;
  readonly signal: AbortSignal | undefined;
}

/** Sends what the copy of a folder has not got yet. @throws EulabError when that fails. */
export async function upToDate(errand: Errand, mount: Mounted, volume: string, isThere: boolean): Promise<Copy> {
  const { elsewhere, signal } = errand;
  const file = join(elsewhere.lists, `${volume}-${digest(elsewhere.address).slice(0, 8)}.json`);
  const sinceMs = Date.now();
  const { marks, sizes } = await marksOf(mount.path, mount.sent, signal);
  const known = isThere && mount.copy === 'kept' ? await readList(file) : undefined;
  const parcel = { mount, volume, file, marks, sizes };
  const list = (known === undefined ? undefined : await send(errand, parcel, known)) ?? (await send(errand, parcel, undefined));
  if (list === undefined) throw new EulabError(`the copy of ${mount.path} at ${elsewhere.address} is changed by somebody else`);
  return { mount, volume, file, list, sinceMs };
}

/** A folder that is to be sent, as it is now. */
interface Parcel {
  readonly mount: Mounted;
  readonly volume: string;
  readonly file: string;
  readonly marks: Marks;
  readonly sizes: ReadonlyMap<string, number>;
}

/** Sends what is not in the copy yet; undefined when that is another than the one we know. All is sent when none is known. */
async function send(errand: Errand, parcel: Parcel, known: List | undefined): Promise<List | undefined> {
  const { image, elsewhere, packer, signal } = errand;
  const { mount, volume, file, marks, sizes } = parcel;
  const before = known?.sent ?? {};
  const changed = [...marks.keys()].filter((path) => before[path] !== marks.get(path));
  const removed = Object.keys(before).filter((path) => !marks.has(path));
  if (known !== undefined && changed.length + removed.length === 0) return known;
  tell(elsewhere, mount.path, changed, sizes);
  const mark = known?.mark ?? randomUUID();
  // As long as it is not whole, nothing is known of it.
  await rm(file, { force: true });
  await using place = await temporary(image.way);
  const names = join(place.folder, 'names');
  await writeFile(names, nulled(changed));
  const script = taking('/copy', { mark, anew: known === undefined, packer });
  try {
    if (removed.length > 0) {
      const remove = alone(image, volume, removing('/copy', mark), `${place.idFile}-removing`);
      checkSaid(await read(remove, { signal, input: nulled(removed) }), remove);
    }
    const take = alone(image, volume, script, place.idFile);
    checkSaid(await piped(sending(mount.path, { list: names, packer }), take, { signal }), take);
  } catch (error) {
    if (error instanceof CommandError && error.code === strange && known !== undefined) return undefined;
    throw broken(error, `cannot send ${mount.path} to ${elsewhere.address}`, `where ${elsewhere.address} keeps its volumes`);
  }
  const list = { mark, sent: Object.fromEntries(marks), brought: known?.brought ?? {} };
  writeWhole(file, JSON.stringify(list));
  return list;
}

function tell(
  { address, report }: Elsewhere,
  folder: string,
  changed: readonly string[],
  sizes: ReadonlyMap<string, number>,
): void {
  const bytes = changed.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
  if (changed.length < 100 && bytes < 1e6) return;
  report({ kind: 'note', text: `sending ${folder} to ${address}: ${changed.length} files, ${size(bytes)}` });
}

/** Puts into the folder what was made in its copy. @throws EulabError when that fails. */
export async function bringBack({ image, elsewhere, packer, signal }: Errand, copy: Copy): Promise<void> {
  const { mount, volume, file, list, sinceMs } = copy;
  // What somebody has changed here meanwhile is brought again.
  const same = Object.entries(list.brought).filter(([path, [, here]]) => here === null || markHere(mount, path) === here);
  const known = new Map(same.map(([path, [there]]) => [path, there]));
  await using place = await temporary(image.way);
  const script = giving('/copy', { mark: list.mark, left: mount.left, packer });
  const input = nulled([...known].map(([path, there]) => `${path}\t${there}`));
  try {
    const give = alone(image, volume, script, place.idFile);
    await piped(give, receiving(mount.path, packer), { signal, input });
  } catch (error) {
    throw broken(error, `cannot bring ${mount.path} back from ${elsewhere.address}`, `on the disk of ${mount.path}`);
  }
  const now = await readListing(join(mount.path, listingName));
  const left = mount.left === undefined ? undefined : new RegExp(mount.left);
  const ours = mount.sent === undefined ? undefined : new RegExp(mount.sent);
  const brought: Record<string, readonly [string, string | null]> = {};
  const sent = { ...list.sent };
  for (const [path, there] of now) {
    const early = list.brought[path];
    if (known.get(path) === there && early !== undefined) brought[path] = early;
    else if (left?.test(path)) brought[path] = [there, null];
    else {
      // Older than what was changed here while it was made.
      await lutimes(join(mount.path, path), sinceMs / 1000, sinceMs / 1000).catch(() => undefined);
      const here = markHere(mount, path);
      brought[path] = [there, here ?? null];
      if (here !== undefined && ours?.test(path)) sent[path] = here;
    }
  }
  for (const [path, [, here]] of Object.entries(list.brought)) {
    if (here !== null && !now.has(path)) await rm(join(mount.path, path), { force: true });
  }
  if (mount.copy === 'kept') writeWhole(file, JSON.stringify({ ...list, sent, brought }));
}

function markHere({ path: folder }: Mounted, path: string): string | undefined {
  return markOf(join(folder, path))?.mark;
}

/** A run of a script with one volume, at /copy. */
function alone({ way, name }: Image, volume: string, script: string, idFile: string): Command {
  return containedRun(storeOf(way), {
    image: name,
    command: ['sh', '-c', script],
    mounts: aloneAt('/copy', volume),
    env: {},
    user: undefined,
    idFile,
  });
}

const nulled = (lines: readonly string[]) => lines.map((line) => `${line}\0`).join('');

/** What is in a copy: paths that stay in the folder, each with its mark. The file is removed. */
async function readListing(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(file, 'utf8');
  await rm(file, { force: true });
  const entries = text.split('\0').map((line): [string, string] => {
    const end = line.indexOf('\t');
    return [line.slice(0, end), line.slice(end + 1)];
  });
  return new Map(entries.filter(([path]) => path !== '' && path.split('/').every((part) => !['', '.', '..'].includes(part))));
}

async function readList(file: string): Promise<List | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as List;
  } catch {
    return undefined;
  }
}

function broken(error: unknown, what: string, where: string): unknown {
  if (!(error instanceof CommandError)) return error;
  const details = error.stderr.split('\n').slice(-6);
  if (/No space left on device/.test(error.stderr)) return new EulabError(`no space is left ${where}`, { details, cause: error });
  return new EulabError(`${what}: ${error.message}`, { details, cause: error });
}

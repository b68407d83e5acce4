import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';
import type { Address, Neighbour, Route } from './facts.ts';
import type { Lab } from './lab.ts';
import type { Permission } from './permission.ts';

/** What the host was before eulab changed it: written whole before the first change, and kept until all is taken back. */
export interface Journal {
  readonly version: 1;
  readonly lab: Lab;
  /** The values of all settings that eulab changes, by their path below /proc/sys. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly uplink?: Saved;
  readonly permission?: Permission;
}

/** What a NIC had that joined a bridge. */
export interface Saved {
  readonly nic: string;
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly rpFilter: string;
}

const suffix = '.journal.json';

/** A bridge's journal; undefined when there is none. @throws EulabError when it is broken. */
export async function readJournal(state: string, bridge: string): Promise<Journal | undefined> {
  const file = join(state, `${bridge}${suffix}`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    if (isErrno(error)) throw new EulabError(`cannot read ${file}: ${error.message}`, { cause: error });
    throw error;
  }
  try {
    const journal: Journal = JSON.parse(text);
    if (journal.version === 1) return journal;
  } catch {
    // Said below: it makes no difference to the user.
  }
  throw new EulabError(`${file} is no journal of this version of eulab`, {
    hint: `take the network down with the eulab that made it, or remove the file: eulab net down then goes by what stands`,
  });
}

/** The journals of the other bridges. @throws EulabError when one is broken. */
export async function otherJournals(state: string, bridge: string): Promise<Journal[]> {
  const names = await readdir(state).catch(() => []);
  const bridges = names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  const found = await Promise.all(bridges.filter((name) => name !== bridge).map((name) => readJournal(state, name)));
  return found.filter((journal) => journal !== undefined);
}

/** Writes a journal: whole or not at all, and on the disk when this returns. @throws EulabError when it cannot be written. */
export async function writeJournal(journal: Journal): Promise<void> {
  const { bridge, state } = journal.lab;
  await writeWhole(state, `${bridge}${suffix}`, `${JSON.stringify(journal, undefined, 2)}\n`);
}

/** Writes a file of the state folder, which is made. @throws EulabError when it cannot be written. */
export async function writeWhole(state: string, name: string, text: string): Promise<void> {
  const file = join(state, name);
  try {
    await mkdir(state, { recursive: true, mode: 0o755 });
    const handle = await open(`${file}.new`, 'w', 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new EulabError(`cannot write ${file}: ${error.message}`, { exitCode: status.notReady, cause: error });
  }
}

/** Removes all that the state folder holds for a bridge, its journal last. */
export async function forget(state: string, bridge: string): Promise<void> {
  for (const name of ['unconfirmed', 'leases', 'dnsmasq.pid']) await rm(join(state, `${bridge}.${name}`), { force: true });
  await rm(join(state, `${bridge}${suffix}`), { force: true });
}

import { randomUUID } from 'node:crypto';
import { watch } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EulabError, isErrno } from '../errors.ts';
import type { Report } from '../report.ts';
import { type Holder, life, running, self } from './holder.ts';

/** One who holds a lock or held it; `id` is unique among all takings of all locks. */
interface Claim extends Holder {
  readonly id: string;
  /** What it is doing, for those who wait. */
  readonly command: string;
}

/** How often a waiter looks whether the holder has died: nothing announces that. */
const pollMs = 500;

/**
 * Holds the lock `file` until it is disposed. One holder at a time, on one machine; waits for a live one, which it tells
 * once as a note, and takes over from a dead one. The folder is made.
 *
 * The lock is a chain. `file` is the claim of its first holder; `file.after.ID` is the claim of the one who took over
 * from the dead holder ID; the last of the chain holds the lock. Claims appear whole and are taken once only (link(2)),
 * and no ID comes twice. A release removes `file` first and so ends the chain in one step. Hence: a taker who finds the
 * same first claim after its own link as before has joined the living chain, and else only a link of a dead one.
 * Nothing is ever decided on a file that another may have replaced meanwhile.
 *
 * @throws the signal's reason when it is aborted; EulabError when the folder cannot be written to.
 * @see link(2), proc_pid_stat(5)
 */
export async function lock(
  file: string,
  holder: string,
  options: { readonly signal?: AbortSignal | undefined; readonly report?: Report | undefined } = {},
): Promise<AsyncDisposable> {
  const { signal, report } = options;
  signal?.throwIfAborted();
  await folder(file);
  let changes: Changes | undefined;
  try {
    let told = false;
    for (;;) {
      signal?.throwIfAborted();
      const chain = await walk(file);
      const last = chain.at(-1);
      const state = last === undefined ? 'free' : await life(last);
      if (last === undefined || state === 'dead') {
        const head = await take(file, chain, holder);
        if (head !== undefined) return held(file, head);
        continue;
      }
      if (!told) report?.({ kind: 'note', text: waiting(last, state === 'foreign' ? file : undefined) });
      told = true;
      if (changes === undefined) {
        changes = watching(file);
        // What changed before the watch began would otherwise be seen at the next poll only.
        continue;
      }
      await changes.next(signal);
    }
  } finally {
    changes?.close();
  }
}

/** Who holds the lock now: its pid and what it does; undefined when nobody does, or only somebody dead. */
export async function holding(file: string): Promise<{ readonly pid: number; readonly command: string } | undefined> {
  const last = (await walk(file)).at(-1);
  return last === undefined || (await life(last)) === 'dead' ? undefined : { pid: last.pid, command: last.command };
}

async function folder(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
    throw unlockable(file, error);
  });
}

const successor = (file: string, id: string) => `${file}.after.${id}`;

/** The claims from the first to the one that counts. */
async function walk(file: string): Promise<Claim[]> {
  const chain: Claim[] = [];
  let claim = await read(file);
  while (claim !== undefined) {
    chain.push(claim);
    claim = await read(successor(file, claim.id));
  }
  return chain;
}

/** Tries to become the last of the chain; returns the id of the chain's first claim, undefined when another was faster. */
async function take(file: string, chain: readonly Claim[], command: string): Promise<string | undefined> {
  const claim: Claim = { id: randomUUID(), ...self(), command };
  const own = `${file}.${claim.pid}-${claim.start}.${claim.id}`;
  const [first, last] = [chain[0], chain.at(-1)];
  const target = last === undefined ? file : successor(file, last.id);
  try {
    await writeFile(own, JSON.stringify(claim), { flag: 'wx' });
    await link(own, target);
  } catch (error) {
    if (isErrno(error) && error.code === 'EEXIST') return undefined;
    if (!isErrno(error) || error.code !== 'ENOENT') throw unlockable(file, error);
    // The folder went away meanwhile, as it may: it is a cache.
    await folder(file);
    return undefined;
  } finally {
    await rm(own, { force: true });
  }
  if (first === undefined) return claim.id;
  if ((await read(file))?.id === first.id) return first.id;
  await rm(target, { force: true });
  return undefined;
}

function held(file: string, head: string): AsyncDisposable {
  let done = false;
  return {
    async [Symbol.asyncDispose]() {
      if (done) return;
      done = true;
      const chain = await walk(file);
      // Somebody removed the lock by hand: what is there now belongs to another.
      if (chain[0]?.id !== head) return;
      const links = chain.slice(0, -1).map(({ id }) => successor(file, id));
      await sweep(file, new Set(links));
      await rm(file, { force: true });
      for (const path of links) await rm(path, { force: true });
    },
  };
}

/** Removes what killed takers left: claims never linked, and links to chains that ended long ago. */
async function sweep(file: string, links: ReadonlySet<string>): Promise<void> {
  const prefix = `${basename(file)}.`;
  for (const name of await readdir(dirname(file))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(file), name);
    const rest = name.slice(prefix.length);
    const [, pid, start] = /^(\d+)-(\d+)\.[0-9a-f-]{36}$/.exec(rest) ?? [];
    const loose = /^after\.[0-9a-z-]+$/.test(rest) && !links.has(path);
    const unlinked = pid !== undefined && start !== undefined && !(await running(Number(pid), start));
    if (loose || unlinked) await rm(path, { force: true });
  }
}

/** The claim in a file. One that cannot be read is that of a dead holder: a machine that lost power leaves such files. */
async function read(file: string): Promise<Claim | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    const claim = parse(text);
    if (claim !== undefined) return claim;
    const { ino, mtimeNs } = await stat(file, { bigint: true });
    return { ...self(), id: `broken-${ino}-${mtimeNs}`, pid: 0, boot: '', command: '' };
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw unlockable(file, error);
  }
}

function parse(text: string): Claim | undefined {
  try {
    const claim = JSON.parse(text) as Partial<Claim> | null;
    const words = [claim?.id, claim?.start, claim?.boot, claim?.namespace, claim?.machine, claim?.command];
    // The id becomes part of a path.
    const sound =
      words.every((word) => typeof word === 'string') && Number.isInteger(claim?.pid) && /^[0-9a-f-]{36}$/.test(claim?.id ?? '');
    return sound ? (claim as Claim) : undefined;
  } catch {
    return undefined;
  }
}

interface Changes {
  /** Settles at the next change, and after `pollMs` in any case. */
  next(signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

function watching(file: string): Changes {
  let wake = () => {};
  let changed = false;
  const see = (name: string | null) => {
    if (name !== null && name !== basename(file)) return;
    changed = true;
    wake();
  };
  const watcher = (() => {
    try {
      return watch(dirname(file), { persistent: false }, (_, name) => see(name));
    } catch {
      // No inotify watch is left to this user: the poll alone does it too.
      return undefined;
    }
  })();
  watcher?.on('error', () => undefined);
  return {
    async next(signal) {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pollMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal?.addEventListener('abort', wake, { once: true });
        });
        signal?.removeEventListener('abort', wake);
      }
      changed = false;
      signal?.throwIfAborted();
    },
    close: () => watcher?.close(),
  };
}

function waiting(claim: Claim, foreign: string | undefined): string {
  const who = `waiting for ${claim.pid} (${claim.command})`;
  return foreign === undefined ? who : `${who} in another container or machine; if it is gone, remove ${foreign}`;
}

function unlockable(file: string, error: unknown): unknown {
  if (!isErrno(error)) return error;
  const links = error.code === 'EPERM' || error.code === 'ENOTSUP' || error.code === 'EMLINK';
  return new EulabError(`cannot lock ${file}: ${error.message}`, {
    hint: links ? 'its file system has no hard links: keep the cache on another one with EULAB_CACHE' : undefined,
    cause: error,
  });
}

import { mkdirSync, readdirSync, renameSync, rm, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is kept of a file that was unpacked: the newest, as many and as large. */
const mostFolders = 16;
const mostBytes = 512 * 1024 * 1024;
/** What was used so short a time ago, another boot may be about to hand to its QEMU. */
const inUseMs = 60_000;
/** The machine has begun to run by then: nobody waits for room to be made. */
const pruneAfterMs = 500;

/** Where what was unpacked of a file lies in the cache: another file, or this one changed, has another folder. */
export function payloadFolder(cache: string, identity: string): string {
  return join(cache, 'payloads', identity);
}

/** Writes a folder of files, whole or not at all, and removes the oldest of its neighbours; false when the cache takes nothing. */
export function keep(folder: string, files: Readonly<Record<string, Uint8Array>>): boolean {
  const there = () => Object.entries(files).every(([name, bytes]) => sizeOf(join(folder, name)) === bytes.length);
  const half = `${folder}.${process.pid}`;
  try {
    mkdirSync(half, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(half, name), bytes);
    // Another boot may have been as quick; its QEMU may be about to read what it wrote.
    if (there()) rmSync(half, { recursive: true });
    else {
      rmSync(folder, { recursive: true, force: true });
      renameSync(half, folder);
    }
    prune(dirname(folder), folder);
    return true;
  } catch {
    rmSync(half, { recursive: true, force: true });
    return there();
  }
}

/** As `keep`, one file that is written in pieces. @throws what `write` throws, and errors of node:fs. */
export async function keepWritten(folder: string, name: string, write: (file: string) => Promise<unknown>): Promise<void> {
  const half = `${folder}.${process.pid}`;
  try {
    mkdirSync(half, { recursive: true });
    await write(join(half, name));
    // Another boot may have been as quick; its QEMU may be about to read what it wrote.
    if (sizeOf(join(folder, name)) === undefined) renameSync(half, folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  setTimeout(() => pruneLater(dirname(folder), folder), pruneAfterMs).unref();
}

/** As `prune`; that it could not be done is tried again at the next boot. */
function pruneLater(parent: string, newest: string): void {
  try {
    prune(parent, newest);
  } catch {
    // Somebody else removed the same ones meanwhile.
  }
}

/** Marks a folder as used just now: the oldest are the first to go. */
export function touch(folder: string): void {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch {
    // A cache of somebody else's: it is used as it is.
  }
}

/** A file's length in bytes; undefined when there is none. */
export function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Removes the oldest beyond the bounds, and what a killed eulab left half written. */
function prune(parent: string, newest: string): void {
  const all = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path !== newest)
    .map((path) => ({ path, bytes: bytesIn(path), ms: statSync(path).mtimeMs, half: /\.\d+$/.test(path) }))
    .sort((a, b) => b.ms - a.ms);
  let [count, bytes] = [1, bytesIn(newest)];
  for (const { path, bytes: more, half, ms } of all) {
    if (Date.now() - ms < inUseMs) continue;
    count += 1;
    bytes += more;
    if (half || count > mostFolders || bytes > mostBytes) remove(path, half);
  }
}

/** Its name is gone at once, so that this boot does not take it for there; its files go meanwhile, or at the next boot. */
function remove(folder: string, half: boolean): void {
  const going = half ? folder : `${folder}.${process.pid}`;
  if (!half) renameSync(folder, going);
  rm(going, { recursive: true, force: true }, () => undefined);
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + (sizeOf(join(folder, name)) ?? 0), 0);
}

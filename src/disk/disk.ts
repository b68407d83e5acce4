import { join } from 'node:path';
import { diskUser } from '../artifacts/disk-user.ts';
import { lock } from '../artifacts/lock.ts';
import { lockName } from '../artifacts/manifest.ts';
import {
  diskName,
  diskPath,
  dropDisk,
  keepDisk,
  longestName,
  noDisk,
  type StoredDisk,
  storedDisk,
} from '../artifacts/storage.ts';
import { stage } from '../artifacts/store.ts';
import { removeTree } from '../artifacts/tree.ts';
import type { Command } from '../command.ts';
import { CommandError, EulabError, status } from '../errors.ts';
import { locate, missing, run } from '../exec.ts';
import type { Report } from '../report.ts';
import { type Contents, contents, unpack, unpackers, unpacking } from './contents.ts';
import { checkNamespaces } from './namespaces.ts';
import { creation, type Disk, leastExt4Bytes, longestLabel, type Tree } from './plan.ts';

/** What is asked of `eulab disk create`. */
export interface Wanted extends Omit<Disk, 'tree' | 'label'> {
  readonly name: string;
  /** Undefined for the name, as far as it fits. */
  readonly label: string | undefined;
  /** A folder or an archive. */
  readonly from: string | undefined;
  /** Replace a disk of that name. */
  readonly replace: boolean;
}

/** Where and for whom disks are made. */
export interface Place {
  readonly artifacts: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** The call of eulab, for the manifest. */
  readonly command: string;
}

const usage = (message: string, hint: string) => new EulabError(message, { hint, exitCode: status.usage });

/**
 * Refuses what cannot be made, before anything is: names, sizes, options that contradict each other, missing programs.
 *
 * @throws EulabError 2 for what was asked, 3 for what the host lacks.
 */
function check(wanted: Wanted, { artifacts, env }: Place): { mke2fs: string; filling: Contents | undefined } {
  const { name, fs, label, from } = wanted;
  if (!diskName(name)) {
    const rule = `letters, digits, dots, dashes and underscores, ${longestName} at most, the first no dash or dot`;
    throw usage(`${JSON.stringify(name)} cannot be the name of a disk`, `a name has ${rule}`);
  }
  if (fs === 'none' && label !== undefined) throw usage('--label names a file system, and --fs none makes none', 'leave one out');
  if (fs === 'none' && from !== undefined) throw usage('--from fills a file system, and --fs none makes none', 'leave one out');
  if (Buffer.byteLength(label ?? '') > longestLabel) {
    throw usage(`--label ${label} is longer than ${longestLabel} bytes`, 'ext4 has no room for more');
  }
  if (fs === 'ext4' && wanted.bytes < leastExt4Bytes) {
    throw usage('an ext4 with a journal needs 8M at least', 'make it larger, or without a file system: --fs none');
  }
  const filling = from === undefined ? undefined : contents(from);
  const mke2fs = mke2fsProgram(env);
  const needs = [...(fs === 'ext4' ? ['mke2fs'] : []), ...(wanted.format === 'qcow2' ? ['qemu-img'] : [])];
  const lacking = [...needs, ...(filling === undefined ? [] : unpackers(filling))].filter((program) =>
    program === 'mke2fs' ? mke2fs === undefined : locate(program, env) === undefined,
  );
  const [first, ...rest] = lacking;
  if (first !== undefined) throw missing(first, ...rest);
  const there = storedDisk(artifacts, name);
  if (there !== undefined && !wanted.replace) {
    throw usage(`the disk ${name} exists already: ${there.file}`, `remove it: eulab disk remove ${name}; or replace it: --force`);
  }
  if (there !== undefined) refuseUsed(there);
  return { mke2fs: mke2fs ?? 'mke2fs', filling };
}

/** The program that makes file systems; undefined when there is none. Debian keeps it where only root's PATH leads. */
export function mke2fsProgram(env: NodeJS.ProcessEnv): string | undefined {
  return ['mke2fs', '/usr/sbin/mke2fs', '/sbin/mke2fs'].find((program) => locate(program, env) !== undefined);
}

/**
 * Makes a disk, whole or not at all, and returns its path.
 *
 * @throws EulabError as `check`, and when it does not fit or the host has no space.
 */
export async function createDisk(wanted: Wanted, place: Place): Promise<string> {
  const { artifacts, report, signal } = place;
  check(wanted, place);
  await using _lock = await lock(join(artifacts, lockName('storage')), place.command, { signal, report });
  // Once more: what held the lock may have made it.
  const { mke2fs, filling } = check(wanted, place);
  const old = storedDisk(artifacts, wanted.name);
  await using staging = await stage(artifacts, 'storage');
  const draft = join(staging.folder, 'disk');
  try {
    const tree = filling && (await treeOf(filling, join(staging.folder, 'tree'), place));
    const disk = { ...wanted, label: labelOf(wanted), tree };
    for (const command of creation(disk, draft, join(staging.folder, 'raw'), mke2fs)) {
      await run(command, { signal }).catch((error: unknown) => {
        throw failed(error, wanted, artifacts);
      });
    }
  } finally {
    // Here, because folders that may not be written to need more than the staging's own end does.
    if (filling !== undefined && filling.kind !== 'folder') await removeTree(join(staging.folder, 'tree'));
  }
  const path = diskPath(wanted.name, wanted.format);
  const inputs = [`${wanted.bytes} bytes`, wanted.fs, ...(wanted.from === undefined ? [] : [`from ${wanted.from}`])].join(', ');
  await keepDisk(artifacts, path, draft, { replace: wanted.replace, inputs, command: place.command });
  if (old !== undefined && old.format !== wanted.format) await dropDisk(artifacts, diskPath(old.name, old.format));
  return join(artifacts, path);
}

/** The calls that `createDisk` would make, with the disk where it would be in the end; makes nothing. @throws as `check` */
export function createPlan(wanted: Wanted, place: Place): Command[] {
  const { mke2fs, filling } = check(wanted, place);
  const file = join(place.artifacts, diskPath(wanted.name, wanted.format));
  const folder = filling?.kind === 'folder' ? filling.path : `${file}.tree`;
  const tree = filling && { folder, mapped: process.getuid?.() !== 0 };
  const unpacked =
    filling === undefined || filling.kind === 'folder' ? [] : [{ file: 'mkdir', args: [folder] }, unpacking(filling, folder)];
  return [...unpacked, ...creation({ ...wanted, label: labelOf(wanted), tree }, file, `${file}.raw`, mke2fs)];
}

/** Removes a disk. @throws EulabError (2) when there is none of that name, or it is in use. */
export async function removeDisk(name: string, { artifacts, signal, report, command }: Place): Promise<StoredDisk> {
  if (storedDisk(artifacts, name) === undefined) throw noDisk(artifacts, name);
  await using _lock = await lock(join(artifacts, lockName('storage')), command, { signal, report });
  const disk = storedDisk(artifacts, name);
  if (disk === undefined) throw noDisk(artifacts, name);
  refuseUsed(disk);
  await dropDisk(artifacts, diskPath(disk.name, disk.format));
  return disk;
}

function refuseUsed({ name, file }: StoredDisk): void {
  const user = diskUser(file, true);
  if (user === undefined) return;
  const who = `${user.program ?? 'another program'}, process ${user.pid ?? 'unknown'}`;
  throw usage(`the disk ${name} is in use by ${who}`, user.pid === undefined ? 'end it first' : `end it first: kill ${user.pid}`);
}

/** The folder to fill from: itself, or the archive's, unpacked. */
async function treeOf(filling: Contents, folder: string, { report, signal }: Place): Promise<Tree> {
  if (filling.kind !== 'folder') await unpack(filling, folder, signal);
  const mapped = process.getuid?.() !== 0 && (await namespaces(signal));
  if (!mapped && process.getuid?.() !== 0) {
    const hint = 'allow user namespaces (eulab doctor namespaces), or see to it in the guest: chown';
    report({ kind: 'warning', text: `the files on the disk will belong to user ${process.getuid?.()}, not to root`, hint });
  }
  return { folder: filling.kind === 'folder' ? filling.path : folder, mapped };
}

async function namespaces(signal: AbortSignal): Promise<boolean> {
  try {
    await checkNamespaces(signal);
    return true;
  } catch (error) {
    if (error instanceof EulabError && error.exitCode === status.notReady) return false;
    throw error;
  }
}

/** The label asked for, else as much of the name as fits. */
function labelOf({ label, name }: Wanted): string {
  return label ?? name.slice(0, longestLabel);
}

/** What a failed call means to the user. */
function failed(error: unknown, wanted: Wanted, artifacts: string): unknown {
  if (!(error instanceof CommandError)) return error;
  const details = error.stderr.split('\n').filter(Boolean).slice(-6);
  if (error.stderr.includes('No space left')) {
    return new EulabError(`no space is left on the disk of ${artifacts}`, {
      hint: 'make room: eulab clean cache',
      check: 'artifacts',
      details,
      cause: error,
    });
  }
  if (wanted.from !== undefined && /[Cc]ould not allocate|No free space/.test(error.stderr)) {
    return new EulabError(`what is in ${wanted.from} does not fit on the disk`, {
      hint: 'give the disk a larger size',
      details,
      exitCode: status.usage,
      cause: error,
    });
  }
  return new EulabError(`cannot make the disk ${wanted.name}: ${error.message}`, {
    details,
    hint: `the call was: ${error.shown}`,
    cause: error,
  });
}

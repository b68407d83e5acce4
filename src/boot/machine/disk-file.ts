import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type DiskImage, diskHeadBytes, diskImage } from '../../artifacts/disk-image.ts';
import { diskUser } from '../../artifacts/disk-user.ts';
import { bytesAt, noDisk, storedDisk } from '../../artifacts/storage.ts';
import { EulabError, isErrno, status } from '../../errors.ts';
import { type Drive, driveSpec, serialOf, unknownFlag } from './drives.ts';

/** The options that name disks. */
export interface DiskOptions {
  /** Of --root: the first disk. */
  readonly root: string | undefined;
  /** Of --disk, in their order. */
  readonly disks: readonly string[];
}

/**
 * The disks that the options name, that of --root first, each looked at as far as its file can tell.
 *
 * @throws EulabError (2) that names the option and the file: not there, a folder, not readable or writable, empty, of a
 *   format that QEMU would have to guess, with a backing file that is missing, named twice, or in use by another machine.
 */
export function drivesOf({ root, disks }: DiskOptions, artifacts: string): Drive[] {
  const named = [
    ...(root === undefined ? [] : [{ option: '--root', value: root }]),
    ...disks.map((value) => ({ option: '--disk', value })),
  ];
  const list = named.map(({ option, value }) => ({ option, value, drive: driveOf(option, value, artifacts) }));
  for (const [index, { option, value, drive }] of list.entries()) {
    const earlier = list.slice(0, index).find((other) => sameFile(other.drive.file, drive.file));
    if (earlier === undefined || (earlier.drive.writes === 'none' && drive.writes === 'none')) continue;
    throw new EulabError(`${option} ${value}: ${drive.file} is given twice`, {
      hint: 'a disk that is written to can be one disk of the guest only; to read it twice: :ro behind each',
      exitCode: status.usage,
    });
  }
  return list.map(({ drive }) => drive);
}

function driveOf(option: string, value: string, artifacts: string): Drive {
  const there = (what: string) => storedDisk(artifacts, what) !== undefined || existsSync(what);
  const { what, writes } = driveSpec(value, there);
  const stored = storedDisk(artifacts, what);
  const file = stored?.file ?? resolve(what);
  const wrong = (is: string, hint: string | undefined) =>
    new EulabError(`${option} ${value}: ${is}`, { hint, exitCode: status.usage });
  if (!there(what)) {
    const flag = unknownFlag(what, there);
    if (flag !== undefined) throw wrong(`":${flag}" is no flag of a disk`, 'the flags are :ro and :snapshot');
    if (!what.includes('/')) throw wrong(noDisk(artifacts, what).message, noDisk(artifacts, what).hint);
    throw wrong(`${file} does not exist`, 'name a disk (eulab disk list) or a file');
  }
  const found = statSync(file);
  checkFile(found, file, wrong);
  checkAccess(file, writes === 'kept', wrong);
  const image = inspect(file, found.size, wrong);
  // A guest can write any mark on a raw disk; what eulab made says by its name what it is.
  const format = stored?.format ?? image.format;
  if (format === 'qcow2' && image.format !== 'qcow2') throw wrong(`${file} is no qcow2 image`, 'give it its right name');
  if (format === 'qcow2') checkBacking(file, image, wrong);
  checkUse(file, writes === 'kept', wrong);
  return { file, format, serial: stored?.name ?? serialOf(file), writes };
}

type Wrong = (is: string, hint: string | undefined) => EulabError;

function checkFile(found: Stats, file: string, wrong: Wrong): void {
  if (found.isDirectory()) throw wrong(`${file} is a folder`, `make a disk of it: eulab disk create NAME 2G --from ${file}`);
  if (!found.isFile()) throw wrong(`${file} is no regular file`, 'copy it to one');
  if (found.size === 0) throw wrong(`${file} is empty`, 'give it a size: truncate -s 2G FILE; or make a disk: eulab disk create');
}

function checkAccess(file: string, write: boolean, wrong: Wrong): void {
  const may = (mode: number) => {
    try {
      accessSync(file, mode);
      return true;
    } catch (error) {
      if (isErrno(error)) return false;
      throw error;
    }
  };
  if (!may(constants.R_OK)) throw wrong(`${file} may not be read by you`, `see who may: ls -l ${file}`);
  if (write && !may(constants.W_OK)) {
    throw wrong(`${file} may not be written to by you`, 'only read it (:ro), or let the changes be forgotten (:snapshot)');
  }
}

function inspect(file: string, bytes: number, wrong: Wrong): Exclude<DiskImage, { format: 'other' }> {
  const image = diskImage(bytesAt(file, 0, diskHeadBytes), bytes);
  if (image.format !== 'other') return image;
  const packed = image.what.endsWith('data');
  const hint = packed ? 'unpack it first' : `make it a qcow2: qemu-img convert -O qcow2 ${file} NEW.qcow2`;
  throw wrong(`${file} is ${image.what}`, image.what === 'a program' ? 'name a disk, raw or qcow2' : hint);
}

/** Follows the chain of backing files; QEMU opens each, and says little when one is not there. */
function checkBacking(file: string, image: DiskImage, wrong: Wrong, depth = 0): void {
  if (image.format !== 'qcow2' || image.backing === undefined) return;
  const { offset, length } = image.backing;
  const name = Buffer.from(bytesAt(file, offset, Math.min(length, 1023))).toString();
  // json:{...} and nbd://... are for QEMU to follow.
  if (/^[a-z0-9+]+:/.test(name) && !name.startsWith('file:')) return;
  const below = resolve(dirname(file), name.replace(/^file:/, ''));
  const found = statSync(below, { throwIfNoEntry: false });
  if (found === undefined) {
    throw wrong(`its backing file ${below} does not exist`, `say where it is: qemu-img rebase -u -b PATH -F raw|qcow2 ${file}`);
  }
  if (!found.isFile() || depth > 30) throw wrong(`its backing file ${below} is no disk`, undefined);
  checkBacking(below, diskImage(bytesAt(below, 0, diskHeadBytes), found.size), wrong, depth + 1);
}

function checkUse(file: string, write: boolean, wrong: Wrong): void {
  const user = diskUser(file, write);
  if (user === undefined) return;
  const who = user.pid === undefined ? 'a process of another user' : `${user.program} (process ${user.pid})`;
  const share = user.writes ? '' : '; or both read it only: :ro';
  throw wrong(
    `${file} is in use by ${who}`,
    `wait for it${user.pid === undefined ? '' : `, or end it: kill ${user.pid}`}${share}`,
  );
}

function sameFile(a: string, b: string): boolean {
  const [one, two] = [statSync(a), statSync(b)];
  return one.ino === two.ino && one.dev === two.dev;
}

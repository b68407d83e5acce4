import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A process that has a disk open as QEMU does; its pid and name are undefined when this user may not see them. */
export interface DiskUser {
  readonly pid: number | undefined;
  readonly program: string | undefined;
  /** It writes to the disk; else it only reads, and others may too. */
  readonly writes: boolean;
}

/** One byte-range lock on a file, as the kernel lists it. */
export interface FileLock {
  /** Of the file system, as "fe:00". */
  readonly device: string;
  readonly inode: number;
  readonly first: number;
  readonly last: number;
}

/**
 * The locks in the text of /proc/locks, or in the `lock:` lines of a /proc/PID/fdinfo file. Pure.
 *
 * @see proc_locks(5)
 */
export function fileLocks(text: string): FileLock[] {
  const line = /^(?:lock:\s*)?\d+: (?:OFDLCK|POSIX) +\S+ +\S+ +-?\d+ +([0-9a-f]+:[0-9a-f]+):(\d+) (\d+) (\d+|EOF)$/gm;
  return [...text.matchAll(line)].map(([, device, inode, first, last]) => ({
    device: device ?? '',
    inode: Number(inode),
    first: Number(first),
    last: last === 'EOF' ? Number.POSITIVE_INFINITY : Number(last),
  }));
}

/**
 * QEMU locks one byte for each thing it does to an image (100 and up) and for each thing that it lets nobody else do (200
 * and up); reading is the first of them, writing the second. @see block/file-posix.c of QEMU
 */
const doesRead = 100;
const doesWrite = 101;
const noReaders = 200;
const noWriters = 201;

/**
 * Whether QEMU would refuse a disk because of these locks of others: a writer wants nobody who writes or forbids it, a
 * reader nobody who writes or forbids reading. Pure.
 */
export function refused(locks: readonly Pick<FileLock, 'first' | 'last'>[], writable: boolean): boolean {
  const held = (byte: number) => locks.some(({ first, last }) => first <= byte && byte <= last);
  return held(doesWrite) || held(noReaders) || (writable && held(noWriters));
}

/**
 * The process because of which QEMU would refuse to open a disk, undefined when there is none.
 *
 * Processes are looked at only when there are such locks at all. By what they have open, not by the inode of the lock: on
 * some file systems (overlay) the kernel's list has another number than stat(2).
 *
 * @throws the error of stat(2) when the file is not there.
 */
export function diskUser(file: string, writable: boolean): DiskUser | undefined {
  const { ino, dev } = statSync(file);
  const all = qemuLocks(text('/proc/locks'));
  if (!refused(all, writable)) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const locks = locksBy(pid, { ino, dev });
    if (!refused(locks, writable)) continue;
    const program = text(`/proc/${pid}/comm`).trim();
    return { pid: Number(pid), program, writes: locks.some(({ first, last }) => first <= doesWrite && doesWrite <= last) };
  }
  // Held by nobody that we may look at: another user's process, or one of another container.
  const here = all.filter(({ inode, device }) => inode === ino && device === deviceName(dev));
  return refused(here, writable) ? { pid: undefined, program: undefined, writes: true } : undefined;
}

const qemuLocks = (list: string) => fileLocks(list).filter(({ first, last }) => first >= doesRead && last < 300);

/** The locks on a file that a process holds by its open descriptors, as far as we may see them. */
function locksBy(pid: string, file: { readonly ino: number; readonly dev: number }): FileLock[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const open = statSync(join('/proc', pid, 'fd', fd), { throwIfNoEntry: false });
      if (open?.ino !== file.ino || open.dev !== file.dev) return [];
      return qemuLocks(text(`/proc/${pid}/fdinfo/${fd}`));
    });
  } catch {
    return [];
  }
}

/** A device number as /proc/locks shows it. @see makedev(3) */
function deviceName(device: number): string {
  const major = Math.floor(device / 256) % 4096;
  const minor = (device % 256) + Math.floor(device / 2 ** 20) * 256;
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

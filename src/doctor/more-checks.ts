import { accessSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkVsock } from '../boot/machine/host.ts';
import { mke2fsProgram } from '../disk/disk.ts';
import { checkNamespaces } from '../disk/namespaces.ts';
import { isErrno } from '../errors.ts';
import { locate, missing } from '../exec.ts';
import type { Examination, Lack } from './host.ts';

const mebibyte = 1024 * 1024;

/** What is left: room, and what single options need. */
export const moreChecks: readonly Examination[] = [
  {
    name: 'artifacts',
    group: 'more',
    costs: 'nothing can be built or made in this folder',
    bad: 'failure',
    look: async ({ workspace }) =>
      room(workspace.artifacts, { least: 16, enough: 256, other: 'work in another folder: eulab -C FOLDER' }),
  },
  {
    name: 'cache',
    group: 'more',
    costs: 'no source can be unpacked, and nothing be compiled',
    bad: 'failure',
    look: async ({ workspace }) =>
      room(workspace.cache, {
        least: 64,
        enough: 4096,
        remedy: 'eulab clean cache',
        other: 'put it elsewhere: EULAB_CACHE=FOLDER',
      }),
  },
  {
    name: 'temporary',
    group: 'more',
    costs: 'boots and builds have no place for what they need for a moment',
    bad: 'failure',
    look: async () => room(tmpdir(), { least: 16, enough: 64, other: 'name another folder: TMPDIR=FOLDER' }),
  },
  {
    name: 'disks',
    group: 'more',
    costs: 'eulab disk create',
    bad: 'warning',
    look: async ({ env }) => {
      const lacking = [
        ...(mke2fsProgram(env) === undefined ? ['mke2fs'] : []),
        ...['qemu-img', 'cpio', 'tar'].filter((program) => locate(program, env) === undefined),
      ];
      const [first, ...others] = lacking;
      if (first !== undefined) throw missing(first, ...others);
      return 'mke2fs, qemu-img, cpio and tar are here';
    },
  },
  {
    name: 'namespaces',
    group: 'more',
    costs: 'podman without root, and eulab image bootstrap; files of a filled disk belong to you instead of root',
    bad: 'warning',
    look: async ({ signal }) => {
      await checkNamespaces(signal);
      return 'one was made';
    },
  },
  {
    name: 'gdb',
    group: 'more',
    costs: 'nothing to look into a kernel with: eulab boot --gdb',
    bad: 'warning',
    look: async ({ env }) => {
      if (locate('gdb', env) === undefined) throw missing('gdb');
      return 'it is here';
    },
  },
  {
    name: 'vsock',
    group: 'more',
    costs: 'eulab boot --vsock',
    bad: 'warning',
    look: async () => {
      checkVsock();
      return 'you may open /dev/vhost-vsock';
    },
  },
];

/** Whether a folder, or the one that it would be made in, can be written to, by doing so, and how much room it has in MiB. */
function room(
  wanted: string,
  {
    least,
    enough,
    remedy,
    other,
  }: { readonly least: number; readonly enough: number; readonly remedy?: string; readonly other: string },
): string | Lack {
  const folder = standing(wanted);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    const made = mkdtempSync(join(folder, '.eulab-doctor-'));
    try {
      writeFileSync(join(made, 'file'), new Uint8Array(mebibyte));
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
      return { found: `no space is left on the disk of ${wanted}`, remedy, hint: other };
    return { found: `you may not write to ${folder} (${error.code})`, hint: other };
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / mebibyte);
  const found = `${wanted}: ${free < 10_240 ? `${free} MiB` : `${Math.floor(free / 1024)} GiB`} are free`;
  if (free >= enough) return found;
  if (free < least) return { found, remedy, hint: other };
  return { state: 'warning', found, costs: `a build may need ${enough} MiB`, remedy, hint: other };
}

/** The folder, or the nearest above it that is there. */
function standing(folder: string): string {
  try {
    accessSync(folder);
    return folder;
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ENOENT' || dirname(folder) === folder) return folder;
    return standing(dirname(folder));
  }
}

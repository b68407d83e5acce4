import { type Command, quote } from '../command.ts';
import { digest } from '../digest.ts';
import { saying } from './ending.ts';
import type { Mounted } from './engine.ts';
import { storeOf, type Way } from './way.ts';

/** The file in a volume that tells whose copy it is and of what state; builds lock it while they read the copy. */
export const markName = '.eulab-copy';
/** What is in a copy, as `give` lists it. */
export const listingName = '.eulab-listing';

/** The volume for the copy of a folder; `owner` tells apart those whose folders have the same path. Pure. */
export function volumeName(owner: string, path: string): string {
  return `eulab-${digest(owner, path).slice(0, 16)}`;
}

const ownerLabel = 'eulab.owner';
export const folderLabel = 'eulab.folder';

/** Pure. */
export function createVolume(
  way: Way,
  volume: string,
  { owner, path }: { readonly owner: string; readonly path: string },
): Command {
  const labels = ['--label', `${ownerLabel}=${owner}`, '--label', `${folderLabel}=${path}`];
  return { file: storeOf(way).kind, args: ['volume', 'create', ...labels, volume] };
}

/** The call that prints the names of an owner's volumes. Pure. */
export function listVolumes(way: Way, owner: string): Command {
  return { file: storeOf(way).kind, args: ['volume', 'ls', '--quiet', '--filter', `label=${ownerLabel}=${owner}`] };
}

/** The call that prints the folder of each volume, a line each. Pure. */
export function foldersOf(way: Way, volumes: readonly string[]): Command {
  return {
    file: storeOf(way).kind,
    args: ['volume', 'inspect', '--format', `{{index .Labels "${folderLabel}"}}`, ...volumes],
  };
}

/** Pure. */
export function removeVolume(way: Way, volume: string): Command {
  return { file: storeOf(way).kind, args: ['volume', 'rm', '--force', volume] };
}

/** A program that makes a stream smaller, where the sources are and in an image with the toolchain. */
export type Packer = 'zstd' | 'gzip';

const packing: Readonly<Record<Packer, string>> = { zstd: 'zstd -1 -q', gzip: 'gzip -1' };

/** The status of a script in a container that finds another copy than the one it was told of. */
export const strange = 75;

/** True for a copy with its own mark, in shell. */
const isMarked = (folder: string, mark: string) =>
  `[ "$(cat ${quote(`${folder}/${markName}`)} 2>/dev/null)" = ${quote(mark)} ] || { ${saying(String(strange))}; }\n`;

/**
 * The shell script in a container that takes what `sending` sends into the volume at `folder`. Its files get the date of that
 * moment there: whatever clock that machine has, make sees that they have changed. Pure.
 */
export function taking(
  folder: string,
  { mark, anew, packer }: { readonly mark: string; readonly anew: boolean; readonly packer: Packer },
) {
  const here = quote(folder);
  const lines = [
    `set -e\ncd ${here}\nexec 7>>${markName}\nflock 7\n`,
    anew ? `: >${markName}\nfind . -mindepth 1 ! -path ./${markName} -delete\n` : isMarked(folder, mark),
    `tar -I ${packer} --recursive-unlink --no-same-owner -xpmf -\n`,
    anew ? `printf %s ${quote(mark)} >${markName}\n` : '',
    saying('0'),
  ];
  return lines.join('');
}

/** The shell script in a container that removes from the volume at `folder` the files that its stdin names. Pure. */
export function removing(folder: string, mark: string): string {
  const here = quote(folder);
  return `${isMarked(folder, mark)}set -e\ncd ${here}\nexec 7>>${markName}\nflock 7\nxargs -0 rm -f --\n${saying('0')}`;
}

/** The call that sends the files of `folder` that a list names, each ended by a NUL. Pure. */
export function sending(folder: string, { list, packer }: { readonly list: string; readonly packer: Packer }): Command {
  const how = ['-I', packing[packer], '--format=posix', '--no-recursion', '--hard-dereference'];
  return { file: 'tar', args: ['-c', ...how, '-f', '-', '-C', folder, '--null', '-T', list], env: { LC_ALL: 'C' } };
}

/**
 * The shell script in a container that sends a list of what is in the volume at `folder`, and what of it is not in the list on its
 * stdin, but for what is `left`. Pure.
 */
export function giving(
  folder: string,
  { mark, left, packer }: { readonly mark: string; readonly left: string | undefined; readonly packer: Packer },
): string {
  const list = `/tmp/${listingName}`;
  return [
    isMarked(folder, mark),
    `set -e\nexport LC_ALL=C\ncd ${quote(folder)}\nsort -z >/tmp/before\n`,
    `find . -mindepth 1 \\( -type f -o -type l \\) ! -path ./${markName} -printf '%P\\t%y%s %m %T@ %l\\0' | sort -z >${list}\n`,
    `comm -z -13 /tmp/before ${list} | cut -z -f1 ${left === undefined ? '' : `| { grep -zvE ${quote(left)} || :; }`} >/tmp/changed\n`,
    `tar -c -I ${quote(packing[packer])} --format=posix --no-recursion --hard-dereference -f - -C /tmp ${listingName} -C ${quote(folder)} --null -T /tmp/changed\n`,
  ].join('');
}

/** The call that puts what `giving` gives into a folder. Pure. */
export function receiving(folder: string, packer: Packer): Command {
  return {
    file: 'tar',
    args: ['-x', '-I', packer, '-p', '-m', '--no-same-owner', '--recursive-unlink', '-f', '-', '-C', folder],
  };
}

/**
 * The shell at the beginning of a job: it holds the copies that others may send to as well, and sees that all are those that it was
 * told of. Pure.
 */
export function held(copies: readonly { readonly path: string; readonly mark: string; readonly writable: boolean }[]): string {
  const shared = copies.filter(({ writable }) => !writable);
  // Descriptors of one digit that no script of ours uses.
  const descriptors = [6, 7, 8];
  const locks = shared.map(({ path }, index) => {
    const file = quote(`${path}/${markName}`);
    return `[ -e ${file} ] || { ${saying(String(strange))}; }\nexec ${descriptors[index] ?? 8}<${file}\nflock -s ${descriptors[index] ?? 8}\n`;
  });
  return [...locks, ...copies.map(({ path, mark }) => isMarked(path, mark))].join('');
}

/** A volume that is the only one a container has, at a place of its own. Pure. */
export function aloneAt(path: string, volume: string): Mounted[] {
  return [{ path, writable: true, volume }];
}

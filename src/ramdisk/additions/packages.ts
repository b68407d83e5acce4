import { symlink } from '../entry.ts';
import { laidOver } from './files.ts';
import type { Base } from './layout.ts';
import { type Placed, placedHere } from './placed.ts';

/** A package that is unpacked in a folder of the host's. */
export interface Package {
  readonly name: string;
  readonly folder: string;
}

/** What nobody reads in an early userspace. */
const leftOut = /^usr\/share\/(bug|doc|doc-base|info|lintian|locale|man)(\/|$)/;
/** Where a host with a merged /usr has a link, and programs are looked for by their older path. @see file-hierarchy(7) */
const merged = /^usr\/((?:bin|sbin|lib64)\/[^/]+)$/;

/**
 * The files of packages, but for documentation and translations. What lies in /usr/bin, /usr/sbin and /usr/lib64 is found without
 * the /usr too, where nothing else is: as on the hosts that the packages are made for.
 *
 * @throws EulabError (2) as `added`.
 */
export function packaged(packages: readonly Package[], said: string, base: Base): Placed[] {
  const placed = packages.flatMap(({ folder }) => laidOver(folder, said)).filter(({ entry }) => !leftOut.test(entry.path));
  const taken = new Set(placed.map(({ entry }) => entry.path));
  const links = placed.flatMap(({ entry }) => {
    const short = entry.type === 'directory' ? undefined : merged.exec(entry.path)?.[1];
    const free = short !== undefined && !taken.has(short) && !base.file(short) && !base.folder(short);
    return free ? [placedHere(symlink(short, `/${entry.path}`), said)] : [];
  });
  return [...placed, ...links];
}

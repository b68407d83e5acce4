import { type Header, typeOf } from './header.ts';
import { shown } from './path.ts';
import type { Found } from './start-program.ts';

/** A file of the guest as the kernel has made it. */
export interface Node extends Found {
  /** The entry that its content is of; undefined for what the kernel brings itself. */
  readonly ordinal?: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly device?: { readonly major: number; readonly minor: number };
}

/** What the kernel does with an entry. */
export interface Effect {
  /** A phrase: "makes the folder /bin"; said only when somebody asks. */
  does(): string;
  /** Undefined when it does what the archive wants. */
  readonly lost?: 'parent-missing' | 'in-the-way' | 'type-unknown';
}

/** What the kernel reads of an entry. */
export interface Unpacked extends Header {
  readonly ordinal: number;
  readonly path: string;
}

const mostLinks = 40;
const directory = 0o040000;
const ours = { size: 0, head: new Uint8Array(), uid: 0, gid: 0, mtime: 0 };
/** The kernel's own archive, which is unpacked first, has these. @see usr/default_cpio_list */
const builtIn: readonly (readonly [path: string, node: Node])[] = [
  ['', { ...ours, mode: 0o040755 }],
  ['dev', { ...ours, mode: 0o040755 }],
  ['dev/console', { ...ours, mode: 0o020600, device: { major: 5, minor: 1 } }],
  ['root', { ...ours, mode: 0o040700 }],
];

/**
 * The guest's first file system, built as the kernel builds it from an archive's entries: folders are not made unless they are
 * named, a file takes the place of an earlier one and goes through linked folders, hard links are known by device and inode
 * as far as the end mark, and what fails is passed over without a word. Pure.
 *
 * @see init/initramfs.c, do_name
 */
export class Rootfs {
  /** By their paths, without a slash at the beginning. */
  readonly nodes = new Map<string, Node>(builtIn);
  private linked = new Map<string, string>();
  /** Where the folder of a path lies: most entries share one with the entry before. */
  private readonly folders = new Map<string, string>();
  /** How much is in each folder. */
  private readonly filled = new Map<string, number>([
    ['', 2],
    ['dev', 1],
  ]);

  /** What becomes of one entry, whose content begins with `head`. */
  add(entry: Unpacked, head: Uint8Array): Effect {
    const place = this.place(entry.path);
    if (place === undefined)
      return { does: () => `passes over it: there is no folder for ${shown(entry.path)}`, lost: 'parent-missing' };
    const type = typeOf(entry.mode);
    if (type === 'unknown') return { does: () => 'passes over it: it is of no type', lost: 'type-unknown' };
    if (type !== 'file' && type !== 'symlink' && entry.size > 0)
      return { does: () => `passes over it: a ${type} has no content`, lost: 'type-unknown' };
    const before = this.nodes.get(place);
    const other = before !== undefined && (type === 'symlink' || typeOf(before.mode) !== type);
    if (other && !this.remove(place, before)) {
      return { does: () => `passes over it: a folder with something in it is at /${shown(place)}`, lost: 'in-the-way' };
    }
    const link = type === 'directory' || type === 'symlink' ? undefined : this.link(entry, place);
    if (link !== undefined && this.nodes.has(link)) {
      const first = this.nodes.get(link) as Node;
      const node = entry.size > 0 ? nodeOf(entry, head) : first;
      // Both names are of one file, and the last entry brings its content.
      this.put(place, node);
      this.put(link, node);
      const more = entry.size > 0 ? ', and writes its content' : '';
      return { does: () => `makes /${shown(place)} one file with /${shown(link)}${more}` };
    }
    this.put(place, nodeOf(entry, head));
    return { does: () => deed(entry, head, `/${shown(place)}`, before !== undefined) };
  }

  /** The kernel forgets which files it could link to. */
  endArchive(): void {
    this.linked.clear();
  }

  /** The node that a path leads to, all links followed; undefined when there is none. */
  find(path: string): Node | undefined {
    const place = this.place(path, true);
    return place === undefined ? undefined : this.nodes.get(place);
  }

  /** An empty folder or a file goes; false when it cannot. */
  private remove(place: string, { mode }: Node): boolean {
    if (place === '' || ((mode & 0o170000) === directory && (this.filled.get(place) ?? 0) > 0)) return false;
    this.nodes.delete(place);
    this.folders.clear();
    this.count(place, -1);
    return true;
  }

  private put(place: string, node: Node): void {
    if (!this.nodes.has(place)) this.count(place, 1);
    this.nodes.set(place, node);
  }

  private count(place: string, more: number): void {
    const folder = place.slice(0, Math.max(0, place.lastIndexOf('/')));
    this.filled.set(folder, (this.filled.get(folder) ?? 0) + more);
  }

  /** The earlier name of the same file. */
  private link({ links, inode, device, mode }: Unpacked, place: string): string | undefined {
    if (links < 2) return undefined;
    const key = `${device.major}:${device.minor}:${inode}:${mode & 0o170000}`;
    const earlier = this.linked.get(key);
    if (earlier === undefined) this.linked.set(key, place);
    return earlier === place ? undefined : earlier;
  }

  /** The place of a path whose folders are all there, through links; undefined when one is not. */
  private place(path: string, last = false): string | undefined {
    const at = path.lastIndexOf('/');
    const [above, name] = [path.slice(0, at), path.slice(at + 1)];
    if (last || at < 0 || name === '' || name === '.' || name === '..') return this.walk(path, last);
    const known = this.folders.get(above);
    if (known !== undefined) return `${known}${name}`;
    const folder = this.walk(above, true);
    if (folder === undefined || typeOf(this.nodes.get(folder)?.mode ?? 0) !== 'directory') return undefined;
    const prefix = folder === '' ? '' : `${folder}/`;
    this.folders.set(above, prefix);
    return `${prefix}${name}`;
  }

  /** As `place`, part by part. */
  private walk(path: string, last: boolean): string | undefined {
    let waiting = path.split('/').filter((part) => part !== '' && part !== '.');
    let done: string[] = [];
    for (let links = 0; waiting.length > 0; ) {
      const [part = '', ...rest] = waiting;
      waiting = rest;
      if (part === '..') {
        done = done.slice(0, -1);
        continue;
      }
      const here = [...done, part].join('/');
      if (waiting.length === 0 && !last) return here;
      const node = this.nodes.get(here);
      if (node === undefined) return undefined;
      if (waiting.length === 0 && typeOf(node.mode) !== 'symlink') return here;
      const type = typeOf(node.mode);
      if (type === 'directory') done = [...done, part];
      else if (type === 'symlink' && links < mostLinks) {
        links += 1;
        const to = Buffer.from(node.head).toString();
        if (to.startsWith('/')) done = [];
        waiting = [...to.split('/').filter((word) => word !== '' && word !== '.'), ...waiting];
      } else return undefined;
    }
    return done.join('/');
  }
}

function nodeOf({ ordinal, mode, size, node, uid, gid, mtime }: Unpacked, head: Uint8Array): Node {
  const type = typeOf(mode);
  return { ordinal, mode, size, head, uid, gid, mtime, ...(type === 'character' || type === 'block' ? { device: node } : {}) };
}

function deed({ mode, size, node }: Unpacked, head: Uint8Array, path: string, again: boolean): string {
  switch (typeOf(mode)) {
    case 'directory':
      return again ? `finds the folder ${path}, and sets its mode and owner` : `makes the folder ${path}`;
    case 'file':
      return again ? `writes ${size} bytes over ${path}` : `writes ${size} bytes to ${path}`;
    case 'symlink':
      return `makes ${path} a link to ${shown(Buffer.from(head).toString())}`;
    case 'character':
    case 'block':
      return again
        ? `leaves the node at ${path}, and sets its mode and owner`
        : `makes the device ${path}, ${node.major}:${node.minor}`;
    default:
      return `makes the ${typeOf(mode)} ${path}`;
  }
}

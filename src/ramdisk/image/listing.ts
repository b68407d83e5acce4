import { typeOf } from './header.ts';
import { shown } from './path.ts';
import type { ImageEntry } from './read.ts';
import type { Node } from './rootfs.ts';

const letters = { fifo: 'p', character: 'c', directory: 'd', block: 'b', file: '-', symlink: 'l', socket: 's', unknown: '?' };
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const halfYearMs = 182 * 24 * 3600 * 1000;
const hourMs = 3600 * 1000;

/** Type and permissions as ls(1) shows them: "drwxr-xr-t". Pure. */
export function modeText(mode: number): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => ((mode & (0o400 >> index)) === 0 ? '-' : letter));
  const special = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const;
  for (const [bit, place, letter] of special) {
    if ((mode & bit) !== 0) bits[place] = bits[place] === '-' ? letter.toUpperCase() : letter;
  }
  return `${letters[typeOf(mode)]}${bits.join('')}`;
}

/** One line for an entry, in the columns of `cpio -tv`; owners other than root are numbers: their names are the guest's. Pure. */
export function longLine(entry: ImageEntry, nowMs: number): string {
  const { mode, links, uid, gid, size, node, mtime, path, target } = entry;
  const type = typeOf(mode);
  const amount =
    type === 'character' || type === 'block'
      ? `${String(node.major).padStart(3)}, ${String(node.minor).padStart(3)}`
      : String(size).padStart(8);
  const owner = (id: number) => (id === 0 ? 'root' : String(id)).padEnd(8);
  const link = target === undefined ? '' : ` -> ${shown(target.toString())}`;
  return `${modeText(mode)} ${String(links).padStart(3)} ${owner(uid)} ${owner(gid)} ${amount} ${date(mtime * 1000, nowMs)} ${shown(path)}${link}`;
}

/** With the time for the last half year, with the year otherwise. */
function date(ms: number, nowMs: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const near = nowMs - ms < halfYearMs && ms - nowMs < hourMs;
  const clock = near ? `${two(at.getHours())}:${two(at.getMinutes())}` : ` ${at.getFullYear()}`;
  return `${months[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${clock}`;
}

/** What --json says of an entry. Pure. */
export function entryFacts(entry: ImageEntry) {
  const { mode, links, uid, gid, size, node, mtime, path, target, segment, offset, inode, format } = entry;
  const type = typeOf(mode);
  return {
    path,
    type,
    mode: octal(mode),
    uid,
    gid,
    links,
    inode,
    size,
    mtime,
    ...(type === 'character' || type === 'block' ? { device: `${node.major}:${node.minor}` } : {}),
    ...(target === undefined ? {} : { target: target.toString() }),
    format,
    segment: { offset: segment.offset, compression: segment.compression },
    offset,
  };
}

/** What --json says of what the guest finds, sorted by path. Pure. */
export function treeFacts(nodes: Iterable<readonly [path: string, node: Node]>) {
  return [...nodes]
    .filter(([, { ordinal }]) => ordinal !== undefined)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([path, { mode, uid, gid, size, head, device }]) => {
      const type = typeOf(mode);
      const more = {
        ...(type === 'symlink' ? { target: Buffer.from(head).toString() } : {}),
        ...(device === undefined ? {} : { device: `${device.major}:${device.minor}` }),
      };
      return { path, type, mode: octal(mode), uid, gid, size, ...more };
    });
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** A place in a drawing of a tree. */
interface Branch {
  readonly label: string;
  readonly below: Map<string, Branch>;
}

/** The lines of a tree, as tree(1) draws it; labels are behind the names. Pure. */
export function treeLines(files: Iterable<readonly [path: string, label: string]>): string[] {
  const root: Branch = { label: '', below: new Map() };
  for (const [path, label] of files) {
    let at = root;
    const parts = path.split('/').filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      const before = at.below.get(part);
      const text = index === parts.length - 1 ? label : (before?.label ?? '');
      const next = { label: text, below: before?.below ?? new Map() };
      at.below.set(part, next);
      at = next;
    }
  }
  const lines = ['/'];
  const waiting = [...children(root, '')].reverse();
  // Not by recursion: a hostile path has thousands of folders.
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    lines.push(`${next.indent}${next.last ? '└── ' : '├── '}${shown(next.name)}${next.branch.label}`);
    waiting.push(...[...children(next.branch, `${next.indent}${next.last ? '    ' : '│   '}`)].reverse());
  }
  return lines;
}

function* children(branch: Branch, indent: string) {
  const names = [...branch.below.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const [index, name] of names.entries()) {
    yield { name, indent, last: index === names.length - 1, branch: branch.below.get(name) as Branch };
  }
}

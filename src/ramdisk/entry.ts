/** The bytes of a file: at hand, coming, or stored somewhere; then they must be as many as its size says. */
export type Content = Uint8Array | AsyncIterable<Uint8Array> | Stored;

/** Bytes that can be read right to where they are wanted. */
export interface Stored extends AsyncIterable<Uint8Array> {
  open(): Opened;
}

export interface Opened extends Disposable {
  /** Fills it with the next bytes, from its beginning on, and returns how many these were: 0 at the end. */
  read(into: Uint8Array): number;
}

/** What every entry of an archive has. */
interface Common {
  /** Relative to the root, without a leading slash: "bin/busybox". */
  readonly path: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** root unless given. */
  readonly owner?: Owner;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A file with several names: each of them is an entry, all of one `group`, and the last has the content. */
export interface HardLink {
  readonly group: number;
  /** How many names there are in the archive. */
  readonly names: number;
}

/** A device's number. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** The number that stat(2) has as one. @see makedev(3) */
export function deviceOf(number: number): Device {
  const [low, high] = [number >>> 0, Math.floor(number / 2 ** 32)];
  return { major: ((low >>> 8) & 0xfff) | (high & ~0xfff), minor: (low & 0xff) | ((low >>> 12) & 0xfff00) };
}

/** One entry of an initramfs. Times are always the archive's: the same tree, the same bytes. */
export type Entry =
  | (Common & { readonly type: 'file'; readonly size: number; readonly data: Content; readonly link?: HardLink })
  | (Common & { readonly type: 'directory' })
  | (Common & { readonly type: 'symlink'; readonly target: string })
  | (Common & { readonly type: 'character' | 'block'; readonly device: Device })
  | (Common & { readonly type: 'fifo' });

export function file(path: string, data: Uint8Array, mode = 0o644): Entry {
  return { type: 'file', path, mode, size: data.length, data };
}

export function directory(path: string, mode = 0o755): Entry {
  return { type: 'directory', path, mode };
}

export function symlink(path: string, target: string): Entry {
  return { type: 'symlink', path, target, mode: 0o777 };
}

export function character(path: string, major: number, minor: number, mode = 0o600): Entry {
  return { type: 'character', path, mode, device: { major, minor } };
}

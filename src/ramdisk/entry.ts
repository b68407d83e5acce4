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
}

/** A device's number. @see makedev(3) */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** One entry of an initramfs. Owners are always root and times always the archive's: the same tree, the same bytes. */
export type Entry =
  | (Common & { readonly type: 'file'; readonly size: number; readonly data: Content })
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

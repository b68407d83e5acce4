import { EulabError } from '../errors.ts';
import { type Entry, file, symlink } from './entry.ts';
import { tree } from './tree.ts';

/**
 * The names of the applets in a busybox binary, found in its table of names: sorted words, each ended by NUL, that begin
 * with `[` and `[[`. Nothing is run. Pure.
 *
 * @throws EulabError when there is no such table: it is no busybox, or its names are compressed.
 */
export function applets(busybox: Uint8Array, name: string): string[] {
  const bytes = Buffer.from(busybox.buffer, busybox.byteOffset, busybox.byteLength);
  const start = bytes.indexOf('\0[\0[[\0') + 1;
  const end = bytes.indexOf('\0\0', start);
  if (start === 0 || end < 0) {
    throw new EulabError(`${name} is no busybox: it has no table of applets`, { hint: 'name a busybox program with --busybox, or leave it out to build one' });
  }
  return bytes
    .subarray(start, end)
    .toString('latin1')
    .split('\0')
    .filter((word) => /^[a-z0-9_.[-]+$/.test(word));
}

/** The tree of a ready busybox: the program, and a symlink to it for each applet, in the one folder that the others link to. */
export function busyboxTree(busybox: Uint8Array, name: string): Entry[] {
  const links = applets(busybox, name)
    .filter((applet) => applet !== 'busybox')
    .map((applet) => symlink(`bin/${applet}`, 'busybox'));
  return tree([
    file('bin/busybox', busybox, 0o755),
    ...links,
    symlink('sbin', 'bin'),
    symlink('usr/bin', '../bin'),
    symlink('usr/sbin', '../bin'),
  ]);
}

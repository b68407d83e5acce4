import { EulabError } from '../errors.ts';
import { type Entry, file, symlink } from './entry.ts';
import { tree } from './tree.ts';

/** No NUL before it: what the linker puts in front may end in any byte. */
const head = '[\0[[\0';

/**
 * The names of the applets in a busybox binary, found in its table of names: sorted words, each ended by NUL, that begin
 * with `[` and `[[`. Nothing is run. Pure.
 *
 * @throws EulabError when there is no such table: it is no busybox, or its names are compressed.
 */
export function applets(busybox: Uint8Array, name: string): string[] {
  const bytes = Buffer.from(busybox.buffer, busybox.byteOffset, busybox.byteLength);
  for (let start = bytes.indexOf(head); start >= 0; start = bytes.indexOf(head, start + 1)) {
    const end = bytes.indexOf('\0\0', start);
    if (end < 0) break;
    const words = bytes.toString('latin1', start, end).split('\0');
    // Other programs have "[" and "[[" among their words, but not in an order that a binary search could use.
    if (words.every((word, index) => /^[a-z0-9_.[-]+$/.test(word) && word > (words[index - 1] ?? ''))) return words;
  }
  throw new EulabError(`${name} is no busybox: it has no table of applets`, {
    hint: 'name a busybox program with --busybox, or leave it out to build one',
  });
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

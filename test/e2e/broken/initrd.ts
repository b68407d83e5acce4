import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { newc } from '../../../src/ramdisk/cpio.ts';
import { type Entry, file } from '../../../src/ramdisk/entry.ts';
import { tree } from '../../../src/ramdisk/tree.ts';
import { program, root } from '../../eulab.ts';

/** A bare cpio archive of these entries, and of the folders that they lie in. */
export async function archive(entries: Iterable<Entry>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of newc(tree(entries), 0)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

/** eulab's own initramfs, unpacked: a cpio archive. */
export const plain = () => gunzipSync(readFileSync(join(root, 'artifacts/initramfs.cpio.gz')));

/** Writes an initramfs of these bytes. */
export function written(folder: string, bytes: Uint8Array, name = 'initramfs'): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** eulab's own initramfs with these entries over it: the kernel unpacks one archive after the other. */
export const changed =
  (...entries: readonly Entry[]) =>
  async (folder: string): Promise<string> =>
    written(folder, Buffer.concat([plain(), await archive(entries)]));

/** Nothing but these entries, not compressed. */
export const only =
  (...entries: readonly Entry[]) =>
  async (folder: string): Promise<string> =>
    written(folder, await archive(entries));

/** Another text as eulab's /init. */
export const init = (text: string, mode = 0o755) => changed(file('init', Buffer.from(text), mode));

/** eulab's own initramfs, compressed by one of the host's programs. */
export const compressed =
  (packer: string, ...args: readonly string[]) =>
  async (folder: string): Promise<string> => {
    const { stdout } = await program(packer, args, { input: plain() });
    return written(folder, stdout);
  };

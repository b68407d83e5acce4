import { createHash } from 'node:crypto';
import { copyFileSync, createWriteStream, constants as fs, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { unwritable } from '../../artifacts/full-disk.ts';
import { EulabError, isErrno } from '../../errors.ts';
import { newc } from '../../ramdisk/cpio.ts';
import type { BootedInitramfs } from './initramfs-form.ts';
import { keepWritten, payloadFolder, sizeOf, touch } from './kept.ts';

/** What goes on top of an initramfs. */
interface Layer {
  readonly entries: Parameters<typeof newc>[0];
  readonly identity: string;
  /** Of its files, together. */
  readonly bytes: number;
}

/** The kernel takes an archive's header for one at such an offset only. @see init/initramfs.c, unpack_to_rootfs */
const alignment = 4;
/** Up to this size a write at once is quicker than a copy and a stream. */
const smallBytes = 16 * 1024 * 1024;

/**
 * The initramfs with the layer behind it as an archive of its own, which the kernel unpacks after the first: in the cache, written
 * once for each pair of both.
 *
 * @throws EulabError when the cache cannot be written, or a file changed while it was read.
 */
export async function layered(base: BootedInitramfs, layer: Layer, cache: string): Promise<BootedInitramfs> {
  const { dev, ino, size, mtimeMs } = statSync(base.path);
  const key = createHash('sha256')
    .update(JSON.stringify([dev, ino, size, mtimeMs, layer.identity]))
    .digest('hex');
  const folder = payloadFolder(cache, `layered-${key}`);
  const name = 'initramfs.cpio';
  if (sizeOf(join(folder, name)) !== undefined) touch(folder);
  else await written(base.path, layer, { folder, name, size });
  return { ...base, path: join(folder, name), why: `${base.why}; what is added follows it` };
}

async function written(
  base: string,
  { entries, bytes }: Layer,
  { folder, name, size }: { readonly folder: string; readonly name: string; readonly size: number },
): Promise<void> {
  try {
    await keepWritten(folder, name, async (file) => {
      const gap = new Uint8Array((alignment - (size % alignment)) % alignment);
      if (size + bytes > smallBytes) {
        copyFileSync(base, file, fs.COPYFILE_FICLONE);
        await pipeline(newc(entries), createWriteStream(file, { flags: 'r+', start: size + gap.length, mode: 0o600 }));
        return;
      }
      const parts: Uint8Array[] = [readFileSync(base), gap];
      for await (const piece of newc(entries)) parts.push(piece);
      writeFileSync(file, Buffer.concat(parts));
    });
  } catch (error) {
    if (error instanceof RangeError) throw new EulabError(`the additions cannot be packed: ${error.message}`, { cause: error });
    throw isErrno(error) ? unwritable(error, folder) : error;
  }
}

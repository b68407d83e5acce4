import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { directory, type Entry, symlink } from './entry.ts';

/**
 * The entries of a tar stream, in its order; a file's content must be read, or left, before the next entry is asked for.
 *
 * `./` and leading slashes are taken away, as tar(1) does. A hard link becomes a symlink to the same file: newc wants the
 * number of links in the header of the first, and a stream does not know it yet.
 *
 * @throws RangeError for a path with `..`, or an entry of a type that an initramfs has no use for.
 */
export async function* untar(stream: Readable): AsyncGenerator<Entry> {
  const archive = extract();
  // A source that breaks off must break the reading off with it.
  stream.on('error', (error) => archive.destroy(error));
  stream.pipe(archive);
  try {
    for await (const content of archive) {
      const { name, mode = 0o644, type, size = 0, linkname, devmajor = 0, devminor = 0 } = content.header;
      const path = clean(name);
      const device = { major: devmajor, minor: devminor };
      if (path !== '') {
        if (type === 'file' || type === 'contiguous-file')
          yield { type: 'file', path, mode, size, data: content as AsyncIterable<Uint8Array> };
        else if (type === 'directory') yield directory(path, mode);
        else if (type === 'symlink') yield symlink(path, linkname ?? '');
        else if (type === 'link') yield symlink(path, `/${clean(linkname ?? '')}`);
        else if (type === 'character-device') yield { type: 'character', path, mode, device };
        else if (type === 'block-device') yield { type: 'block', path, mode, device };
        else if (type === 'fifo') yield { type: 'fifo', path, mode };
        else throw new RangeError(`${path} is a ${type ?? 'nothing'}, which has no place in an initramfs`);
      }
      content.resume();
    }
  } finally {
    stream.unpipe(archive);
    stream.destroy();
  }
}

function clean(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new RangeError(`${name} leads out of the archive`);
  return parts.join('/');
}

import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { contents } from './content.ts';
import { directory, type Entry, symlink } from './entry.ts';
import { compare } from './tree.ts';

/**
 * What lies below a folder, in walk order, read as it is asked for. Permissions are made those that a checkout or another
 * umask cannot change: 755 for folders and programs, 644 for the rest.
 *
 * @throws RangeError for a socket, device or fifo: what is to be in the image is said by eulab, not by the host's nodes.
 */
export async function* walk(root: string, below = ''): AsyncGenerator<Entry> {
  const names = (await readdir(join(root, below))).sort(compare);
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const found = await lstat(join(root, path));
    if (found.isDirectory()) {
      yield directory(path);
      yield* walk(root, path);
    } else if (found.isSymbolicLink()) {
      yield symlink(path, await readlink(join(root, path)));
    } else if (found.isFile()) {
      const mode = found.mode & 0o100 ? 0o755 : 0o644;
      yield { type: 'file', path, mode, size: found.size, data: contents(join(root, path)) };
    } else {
      throw new RangeError(`${join(root, path)} is no file, folder or symlink`);
    }
  }
}

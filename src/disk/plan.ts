import type { Command } from '../command.ts';

/** A disk to be made. */
export interface Disk {
  /** Of the disk itself, holes included. */
  readonly bytes: number;
  readonly format: 'raw' | 'qcow2';
  readonly fs: 'ext4' | 'none';
  /** Of the file system; up to 16 bytes. */
  readonly label: string;
  /** What the file system holds from the beginning; undefined for nothing. */
  readonly tree: Tree | undefined;
}

/** A folder to fill a file system from. */
export interface Tree {
  readonly folder: string;
  /** Run in a user namespace, in which the caller's own files are root's. */
  readonly mapped: boolean;
}

/**
 * What ext4 has in eulab, said in full: mke2fs.conf differs from host to host, and newer defaults (orphan_file,
 * metadata_csum_seed) are unknown to kernels of some years ago.
 *
 * @see ext4(5)
 */
export const ext4Features =
  'none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum';

/** Below this mke2fs makes no journal. */
export const leastExt4Bytes = 8 * 2 ** 20;

/** As long as the field of the superblock. @see e2label(8) */
export const longestLabel = 16;

/**
 * The calls that make a disk at `file`, in order; no root, no mount. Pure. `mke2fs` is that program's path.
 *
 * The file is sparse: mke2fs is told that it holds zeros (by discarding all of it), and leaves journal and inode tables as
 * holes. A qcow2 with a file system is first made raw, at `scratch`, because mke2fs writes to plain files only.
 *
 * @see truncate(1), mke2fs(8), qemu-img(1)
 */
export function creation(disk: Disk, file: string, scratch: string, mke2fs: string): Command[] {
  const size = String(disk.bytes);
  if (disk.fs === 'none' && disk.format === 'qcow2') {
    return [{ file: 'qemu-img', args: ['create', '-q', '-f', 'qcow2', file, size] }];
  }
  const raw = disk.format === 'raw' ? file : scratch;
  const empty: Command = { file: 'truncate', args: ['--size', size, raw] };
  if (disk.fs === 'none') return [empty];
  const filled = { ...ext4(disk, raw, mke2fs) };
  if (disk.format === 'raw') return [empty, filled];
  return [empty, filled, { file: 'qemu-img', args: ['convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, file] }];
}

function ext4({ label, tree }: Disk, file: string, mke2fs: string): Command {
  const args = [
    ['-q', '-F', '-t', 'ext4', '-O', ext4Features],
    ['-b', '4096', '-I', '256', '-m', '0'],
    ['-E', 'discard,lazy_journal_init=1,root_owner=0:0'],
    ['-L', label],
    tree === undefined ? [] : ['-d', tree.folder],
    [file],
  ].flat();
  if (tree?.mapped !== true) return { file: mke2fs, args };
  return { file: 'unshare', args: ['--map-root-user', mke2fs, ...args] };
}

import { expect, test } from 'vitest';
import { show } from '../../../src/command.ts';
import { creation, type Disk, ext4Features } from '../../../src/disk/plan.ts';

const disk: Disk = { bytes: 2 ** 31, format: 'raw', fs: 'ext4', label: 'data', tree: undefined };

/** The calls as lines, with the features by a word. */
const lines = (changes: Partial<Disk>) =>
  creation({ ...disk, ...changes }, 'DISK', 'RAW', '/sbin/mke2fs').map((command) =>
    show(command).replace(ext4Features, 'FEATURES'),
  );

const ext4 = '/sbin/mke2fs -q -F -t ext4 -O FEATURES -b 4096 -I 256 -m 0 -E discard,lazy_journal_init=1,root_owner=0:0';

test.each<[string, Partial<Disk>, string[]]>([
  ['raw, with ext4', {}, ['truncate --size 2147483648 DISK', `${ext4} -L data DISK`]],
  ['raw, empty', { fs: 'none' }, ['truncate --size 2147483648 DISK']],
  ['qcow2, empty', { fs: 'none', format: 'qcow2' }, ['qemu-img create -q -f qcow2 DISK 2147483648']],
  [
    'qcow2, with ext4: first raw',
    { format: 'qcow2' },
    ['truncate --size 2147483648 RAW', `${ext4} -L data RAW`, 'qemu-img convert -q -f raw -O qcow2 RAW DISK'],
  ],
  [
    'filled from a folder with an odd name',
    { tree: { folder: "it's, one", mapped: false } },
    ['truncate --size 2147483648 DISK', `${ext4} -L data -d 'it'\\''s, one' DISK`],
  ],
  [
    'filled by another than root',
    { tree: { folder: 'tree', mapped: true }, label: 'two words' },
    ['truncate --size 2147483648 DISK', `unshare --map-root-user ${ext4} -L 'two words' -d tree DISK`],
  ],
])('%s', (_what, changes, calls) => {
  expect(lines(changes)).toEqual(calls);
});

test.each(['orphan_file', 'metadata_csum_seed', 'casefold', 'encrypt', 'verity'])(
  'the file system has no %s, which older kernels would refuse',
  (feature) => {
    expect(ext4Features.split(',')).not.toContain(feature);
    expect(ext4Features).toMatch(/^none,/);
  },
);

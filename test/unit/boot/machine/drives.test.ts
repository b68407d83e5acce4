import { expect, test } from 'vitest';
import {
  type Drive,
  type DriveSpec,
  driveSpec,
  drives,
  rootWords,
  serialOf,
  unknownFlag,
} from '../../../../src/boot/machine/drives.ts';

const there =
  (...names: string[]) =>
  (what: string) =>
    names.includes(what);

test.each<[string, string, string[], DriveSpec]>([
  ['a name', 'data', ['data'], { what: 'data', writes: 'kept' }],
  ['read-only', 'data:ro', ['data'], { what: 'data', writes: 'none' }],
  ['a snapshot', 'data:snapshot', ['data'], { what: 'data', writes: 'forgotten' }],
  ['both', 'data:ro:snapshot', ['data'], { what: 'data', writes: 'none' }],
  ['both, the other way round', 'data:snapshot:ro', ['data'], { what: 'data', writes: 'none' }],
  ['the same twice', 'data:ro:ro', ['data'], { what: 'data', writes: 'none' }],
  [
    'a path with spaces, quotes, commas and a newline',
    `/a b/it's,"x"\ny:ro`,
    [`/a b/it's,"x"\ny`],
    { what: `/a b/it's,"x"\ny`, writes: 'none' },
  ],
  ['a file whose name ends like a flag', '/a:ro', ['/a:ro', '/a'], { what: '/a:ro', writes: 'kept' }],
  ['that one, read-only', '/a:ro:ro', ['/a:ro', '/a'], { what: '/a:ro', writes: 'none' }],
  ['colons within', '/a:b:c:snapshot', ['/a:b:c'], { what: '/a:b:c', writes: 'forgotten' }],
  ['nothing that is there', 'data:ro', [], { what: 'data', writes: 'none' }],
  ['an unknown flag', 'data:rw', ['data'], { what: 'data:rw', writes: 'kept' }],
  ['an unknown flag before a known one', 'data:rw:ro', ['data'], { what: 'data:rw', writes: 'none' }],
  ['a flag alone', ':ro', [], { what: ':ro', writes: 'kept' }],
  ['nothing', '', [], { what: '', writes: 'kept' }],
])('%s', (_what, value, names, spec) => {
  expect(driveSpec(value, there(...names))).toEqual(spec);
});

test.each<[string, string, string | undefined]>([
  ['behind a disk that is there', 'data:rw', 'rw'],
  ['behind a disk and a flag', 'data:ro:rw', 'rw'],
  ['behind nothing that is there', 'dat:rw', undefined],
  ['without a colon', 'dat', undefined],
])('an unknown flag %s', (_what, value, flag) => {
  expect(unknownFlag(value, there('data'))).toBe(flag);
});

test.each([
  ['/a/data.img', 'data'],
  ['/a/data.qcow2', 'data'],
  ['/a/two words, and:colons.raw', 'two-words-and-colons'],
  ['/a/a-name-of-more-than-twenty-bytes', 'a-name-of-more-than-'],
  ['/a/.img', 'disk'],
  ['/a/é\n', '-'],
])('the serial number of %j is %s', (file, serial) => {
  expect(serialOf(file)).toBe(serial);
});

const drive: Drive = { file: '/d/data.img', format: 'raw', serial: 'data', writes: 'kept' };

test('nothing without disks', () => {
  expect(drives([])).toEqual([]);
});

test('two disks, in their order', () => {
  expect(
    drives([drive, { ...drive, file: '/d/a,b.qcow2', format: 'qcow2', serial: 'b', writes: 'none' }]),
  ).toMatchInlineSnapshot(`
    [
      "-blockdev",
      "driver=file,node-name=disk0-file,read-only=off,discard=unmap,filename=/d/data.img",
      "-blockdev",
      "driver=raw,node-name=disk0,file=disk0-file,read-only=off,discard=unmap,detect-zeroes=unmap",
      "-device",
      "virtio-blk-pci,drive=disk0,serial=data,werror=report,rerror=report",
      "-blockdev",
      "driver=file,node-name=disk1-file,read-only=on,auto-read-only=off,filename=/d/a,,b.qcow2",
      "-blockdev",
      "driver=qcow2,node-name=disk1,file=disk1-file,read-only=on,auto-read-only=off",
      "-device",
      "virtio-blk-pci,drive=disk1,serial=b,werror=report,rerror=report",
    ]
  `);
});

test('a snapshot, on a machine without PCI', () => {
  expect(drives([{ ...drive, file: "/a b/it's:x,y", writes: 'forgotten' }], 'virtio-blk-device')).toEqual([
    '-drive',
    "if=none,id=disk0,format=raw,snapshot=on,file.driver=file,file.filename=/a b/it's:x,,y",
    '-device',
    'virtio-blk-device,drive=disk0,serial=data,werror=report,rerror=report',
  ]);
});

test.each<[string, string | undefined, Drive['writes'], string[]]>([
  ['no root', undefined, 'kept', []],
  ['a root', 'rootfs', 'kept', ['eulab.root=/dev/vda', 'rw']],
  ['a root that is forgotten', 'rootfs:snapshot', 'forgotten', ['eulab.root=/dev/vda', 'rw']],
  ['a root that is only read', 'rootfs:ro', 'none', ['eulab.root=/dev/vda', 'ro']],
])('%s: the words for the guest', (_what, root, writes, words) => {
  expect(rootWords(root, [{ ...drive, writes }])).toEqual(words);
});

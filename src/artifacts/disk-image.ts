/** What a file is as a guest's disk. */
export type DiskImage =
  | { readonly format: 'raw'; readonly bytes: number }
  | {
      readonly format: 'qcow2';
      /** As the guest sees it. */
      readonly bytes: number;
      /** Where the name of its backing file stands in the file; undefined when it has none. */
      readonly backing: { readonly offset: number; readonly length: number } | undefined;
    }
  /** Something that must not be taken for a raw disk; `what` is a phrase for it. */
  | { readonly format: 'other'; readonly what: string };

/** How many bytes of a file `diskImage` wants to see. */
export const diskHeadBytes = 512;

/**
 * What a file is, by its first bytes and its length. Pure. Everything without a mark of its own is raw.
 *
 * QEMU's own guess is not asked: it would also be made when the guest has written the mark.
 *
 * @see docs/interop/qcow2.txt of QEMU
 */
export function diskImage(head: Uint8Array, bytes: number): DiskImage {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const latin1 = Buffer.from(head).toString('latin1');
  if (latin1.startsWith('QFI\xfb') && head.length >= 72) {
    if (view.getUint32(4) < 2) return { format: 'other', what: 'an image of qcow, which came before qcow2' };
    const offset = Number(view.getBigUint64(8));
    const backing = offset === 0 ? undefined : { offset, length: view.getUint32(16) };
    return { format: 'qcow2', bytes: Number(view.getBigUint64(24)), backing };
  }
  const known = marks.find(({ at, mark }) => latin1.startsWith(mark, at));
  return known === undefined ? { format: 'raw', bytes } : { format: 'other', what: known.what };
}

const marks: readonly { readonly at: number; readonly mark: string; readonly what: string }[] = [
  { at: 0, mark: 'KDMV', what: 'a VMDK image' },
  { at: 0, mark: '# Disk DescriptorFile', what: 'the description of a VMDK image' },
  { at: 0x40, mark: '\x7f\x10\xda\xbe', what: 'a VDI image' },
  { at: 0, mark: 'vhdxfile', what: 'a VHDX image' },
  { at: 0, mark: 'conectix', what: 'a VHD image' },
  { at: 0, mark: 'QED\0', what: 'a QED image' },
  { at: 0, mark: '\x1f\x8b', what: 'gzip-compressed data' },
  { at: 0, mark: '\xfd7zXZ', what: 'xz-compressed data' },
  { at: 0, mark: '\x28\xb5\x2f\xfd', what: 'zstd-compressed data' },
  { at: 0, mark: 'BZh', what: 'bzip2-compressed data' },
  { at: 0, mark: '\x7fELF', what: 'a program' },
];

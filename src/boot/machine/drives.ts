import { optionValue } from './option-value.ts';

/** A disk of the guest. */
export interface Drive {
  /** Absolute: QEMU takes what stands before a colon in a relative path for a protocol. */
  readonly file: string;
  readonly format: 'raw' | 'qcow2';
  /** What the guest reads in /sys/block/vdX/serial; up to 20 bytes. */
  readonly serial: string;
  /**
   * What becomes of the guest's writes: kept; `none` is possible, the guest sees a read-only disk; or forgotten with the
   * machine, in a temporary file that QEMU has unlinked.
   */
  readonly writes: 'kept' | 'none' | 'forgotten';
}

/** What the value of --disk or --root says: a name or a path, and what follows the colons behind it. */
export interface DriveSpec {
  readonly what: string;
  readonly writes: Drive['writes'];
}

const flags = ['ro', 'snapshot'] as const;

/**
 * The value of --disk in its parts. Pure: `there` says whether a disk or a file of that name exists.
 *
 * A name with colons that exists is that one; else `ro` and `snapshot` are taken from the end, in any order, until one
 * exists. What is left when none does is returned as it is, for an error to name. Read-only wins: it has nothing to forget.
 */
export function driveSpec(value: string, there: (what: string) => boolean): DriveSpec {
  const found = new Set<string>();
  let what = value;
  while (!there(what)) {
    const colon = what.lastIndexOf(':');
    const flag = what.slice(colon + 1);
    if (colon <= 0 || !flags.some((known) => known === flag)) break;
    found.add(flag);
    what = what.slice(0, colon);
  }
  return { what, writes: found.has('ro') ? 'none' : found.has('snapshot') ? 'forgotten' : 'kept' };
}

/** The last word behind a colon that is no flag, when what stands before it exists: `data:rw` has `rw`. Pure. */
export function unknownFlag(what: string, there: (what: string) => boolean): string | undefined {
  const colon = what.lastIndexOf(':');
  const { what: rest } = driveSpec(what.slice(0, Math.max(0, colon)), there);
  return colon > 0 && there(rest) ? what.slice(colon + 1) : undefined;
}

/** A file's name as a serial number: up to 20 letters, digits, dots, dashes and underscores. Pure. */
export function serialOf(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/\.(img|raw|qcow2)$/, '');
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 20) || 'disk';
}

/** The words of the kernel's command line that make the guest's init go on in the first disk's file system. Pure. */
export function rootWords(root: string | undefined, list: readonly Drive[]): string[] {
  if (root === undefined) return [];
  return ['eulab.root=/dev/vda', list[0]?.writes === 'none' ? 'ro' : 'rw'];
}

/**
 * QEMU's options for the disks, which the guest sees in this order as /dev/vda, /dev/vdb and so on. Pure.
 *
 * The format is said, never guessed; what the guest discards, or writes as zeros, becomes a hole. When the host has no space
 * the guest gets an error: by default QEMU would stop the machine without a word. `device` is the one of the machine's bus.
 *
 * @see qemu(1), "-blockdev"
 */
export function drives(
  list: readonly Drive[],
  device: 'virtio-blk-pci' | 'virtio-blk-device' = 'virtio-blk-pci',
): readonly string[] {
  return list.flatMap((drive, index) => {
    const id = `disk${index}`;
    return [...backend(drive, id), ...['-device', `${device},drive=${id},serial=${drive.serial},werror=report,rerror=report`]];
  });
}

function backend({ file, format, writes }: Drive, id: string): readonly string[] {
  const name = optionValue(file);
  // Only -drive knows of snapshots.
  if (writes === 'forgotten') {
    return ['-drive', `if=none,id=${id},format=${format},snapshot=on,file.driver=file,file.filename=${name}`];
  }
  const mode = writes === 'none' ? 'read-only=on,auto-read-only=off' : 'read-only=off,discard=unmap';
  const zeroes = writes === 'none' ? '' : ',detect-zeroes=unmap';
  return [
    ...['-blockdev', `driver=file,node-name=${id}-file,${mode},filename=${name}`],
    ...['-blockdev', `driver=${format},node-name=${id},file=${id}-file,${mode}${zeroes}`],
  ];
}

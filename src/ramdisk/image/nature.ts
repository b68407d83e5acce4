import { type Bytes, bytesOf } from './bytes.ts';
import { compressionOf } from './compression.ts';
import { elfImage } from './elf-image.ts';

/** What a file is, when it is not what it was given for. */
export interface Nature {
  /** A phrase: "a cpio archive". */
  readonly what: string;
  /** How it is to be given instead, if at all. */
  readonly role?: 'kernel' | 'initramfs';
}

interface Mark {
  readonly at: number;
  /** The bytes there, one character each. */
  readonly bytes: string;
  readonly nature: Nature;
}

/** The more particular ones first. */
const marks: readonly Mark[] = [
  { at: 0, bytes: '07070', nature: { what: 'a cpio archive', role: 'initramfs' } },
  { at: 0x202, bytes: 'HdrS', nature: { what: 'a Linux kernel (bzImage)', role: 'kernel' } },
  { at: 56, bytes: 'ARM\x64', nature: { what: 'a Linux kernel for arm64 (Image)' } },
  { at: 56, bytes: 'RSC\x05', nature: { what: 'a Linux kernel for riscv (Image)' } },
  { at: 4, bytes: 'zimg', nature: { what: 'a Linux kernel for EFI alone (zboot), which is not made for x86' } },
  { at: 36, bytes: '\x18\x28\x6f\x01', nature: { what: 'a Linux kernel for 32-bit arm (zImage)' } },
  { at: 0, bytes: '\x27\x05\x19\x56', nature: { what: "U-Boot's uImage" } },
  { at: 0, bytes: '\xd0\x0d\xfe\xed', nature: { what: 'a device tree, or a FIT image of them' } },
  { at: 0, bytes: 'ANDROID!', nature: { what: "Android's boot image" } },
  { at: 0, bytes: 'MZ', nature: { what: 'an EFI program without the boot header of Linux on x86' } },
  { at: 257, bytes: 'ustar', nature: { what: 'a tar archive' } },
  { at: 0, bytes: '!<arch>\n', nature: { what: 'an ar archive, such as a .deb package' } },
  { at: 0, bytes: '\xed\xab\xee\xdb', nature: { what: 'an RPM package' } },
  { at: 0, bytes: 'PK\x03\x04', nature: { what: 'a zip archive' } },
  { at: 0, bytes: 'QFI\xfb', nature: { what: 'a qcow2 disk image' } },
  { at: 0, bytes: 'hsqs', nature: { what: 'a squashfs file system' } },
  { at: 0x438, bytes: '\x53\xef', nature: { what: 'an ext4 file system' } },
  { at: 0x8001, bytes: 'CD001', nature: { what: 'a CD image (ISO 9660)' } },
  {
    at: 0,
    bytes: '\x04\x22\x4d\x18',
    nature: { what: 'lz4-compressed data of the new frame, which Linux cannot read (lz4 -l makes the legacy one)' },
  },
  { at: 0x1fe, bytes: '\x55\xaa', nature: { what: 'a disk image, or a boot sector' } },
];

/**
 * What a file is, by its first bytes. Pure.
 *
 * `unpacked` is the beginning of what is in it, when it is compressed and somebody unpacked that much.
 */
export function nature(file: Bytes, unpacked?: Uint8Array): Nature {
  const found = marks.find(({ at, bytes }) => latin1(file.at(at, bytes.length)) === bytes);
  if (found !== undefined) return found.nature;
  const elf = elfImage(file);
  if (elf?.kind === 'object') return { what: `an ELF object for ${elf.machine}, such as a kernel module` };
  if (elf?.kind === 'core') return { what: 'a core dump' };
  if (elf?.interpreter !== undefined) return { what: `a dynamic ELF program for ${elf.machine}` };
  if (elf !== undefined) return { what: `an ELF file for ${elf.machine}` };
  const compression = compressionOf(file.at(0, 6));
  if (compression !== undefined) return compressed(compression.name, unpacked);
  const head = file.at(0, 512);
  const text = head.every((byte) => (byte >= 9 && byte <= 13) || byte === 27 || (byte >= 32 && byte !== 127));
  if (text) return { what: 'a text file' };
  return { what: head.every((byte) => byte === 0) ? 'nothing but zeros at its beginning' : 'data of a kind unknown to eulab' };
}

function compressed(name: string, unpacked: Uint8Array | undefined): Nature {
  if (unpacked === undefined || unpacked.length === 0) return { what: `${name}-compressed data`, role: 'initramfs' };
  const inner = nature(bytesOf(unpacked));
  return { what: `${name}-compressed data, with ${inner.what} in it`, ...(inner.role && { role: inner.role }) };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

import { EulabError, status } from '../../errors.ts';
import { type Bytes, numberAt } from '../../ramdisk/image/bytes.ts';
import { type Compression, compressionOf } from '../../ramdisk/image/compression.ts';
import { elfImage } from '../../ramdisk/image/elf-image.ts';
import { nature } from '../../ramdisk/image/nature.ts';
import { frameFault } from './frames.ts';

/** What a kernel file says of itself. */
export interface KernelFacts {
  readonly form: 'bzImage' | 'elf';
  readonly arch: 'x86_64';
  /** As uname -r has it; undefined for an ELF file, whose headers do not tell. */
  readonly version: string | undefined;
  /** The compressed kernel in a bzImage. */
  readonly payload: Payload | undefined;
  /** An ELF file that can be started as it is; a bzImage always can, and its payload tells for itself. */
  readonly pvh: boolean;
  /** How far the kernel reaches in the guest's memory as it comes up, in bytes from 0. */
  readonly reachBytes: number;
  /** The longest command line it takes, in bytes without the NUL; undefined for an ELF file. */
  readonly cmdlineBytes: number | undefined;
  /** What the build wrote at the image's end; undefined when there is none to rely on. */
  readonly checksum: Checksum | undefined;
}

/** Where a bzImage's compressed kernel lies, from the file's beginning. */
export interface Payload {
  readonly compression: Compression['name'];
  readonly offset: number;
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** A CRC-32 (without the final inversion) of the bytes before it. */
export interface Checksum {
  readonly offset: number;
  readonly value: number;
  /** What was zero when it was computed: signing fills in the EFI header's own checksum and the place of the signature. */
  readonly blank: readonly { readonly offset: number; readonly bytes: number }[];
}

const another = 'name a bzImage with --kernel, or make one: eulab build kernel';
const again = 'copy or build it again';

/**
 * The facts of an x86-64 Linux kernel: a bzImage, or an ELF file (vmlinux). Refuses all else, what is cut, and what is
 * damaged as far as lengths and marks tell.
 *
 * Pure; a few reads, however long the file is. `unpacked` is the beginning of what is in a compressed file, if known.
 *
 * @throws EulabError (2) that says what the file is instead.
 * @see Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"
 */
export function kernelFacts(file: Bytes, name: string, unpacked?: Uint8Array): KernelFacts {
  if (file.length === 0) throw wrong(name, 'is empty', another);
  const elf = elfImage(file);
  if (elf !== undefined && elf.kind !== 'object' && elf.kind !== 'core' && elf.interpreter === undefined) {
    return elfFacts(elf, file, name);
  }
  const signed = numberAt(file, 0x202, 4) === 0x53726448 && numberAt(file, 0x1fe, 2) === 0xaa55;
  if (!signed) {
    const { what, role } = nature(file, unpacked);
    const hint = role === 'initramfs' ? `an initramfs is named with --initrd; ${another}` : another;
    throw wrong(name, `is no Linux kernel for x86-64: it is ${what}`, hint);
  }
  if (file.length < 0x268) throw wrong(name, `is cut: its boot header ends at byte 616, the file has ${file.length}`, again);
  return bzImageFacts(file, name);
}

function elfFacts(elf: NonNullable<ReturnType<typeof elfImage>>, file: Bytes, name: string): KernelFacts {
  if (elf.machine !== 'x86-64') throw wrong(name, `is an ELF file for ${elf.machine}`, 'eulab boots kernels for x86-64');
  if (elf.cut !== undefined) {
    throw wrong(name, `is cut: its headers say at least ${elf.cut.end} bytes, the file has ${file.length}`, again);
  }
  if (!elf.pvh) {
    const hint = 'boot its bzImage, or build it with CONFIG_PVH=y; a kernel without that entry QEMU cannot start as ELF';
    throw wrong(name, 'is an ELF file without the PVH entry of Linux', hint);
  }
  return {
    form: 'elf',
    arch: 'x86_64',
    version: undefined,
    payload: undefined,
    pvh: true,
    reachBytes: elf.reachBytes,
    cmdlineBytes: undefined,
    checksum: undefined,
  };
}

/** The boot header's fields, by their names in the kernel's documentation. */
function bzImageFacts(file: Bytes, name: string): KernelFacts {
  const field = (offset: number, size: 1 | 2 | 4) => numberAt(file, offset, size) ?? 0;
  if (field(0x206, 2) < 0x020c) throw wrong(name, 'is a kernel from before Linux 3.8', another);
  if ((field(0x236, 2) & 1) === 0) throw wrong(name, 'is a 32-bit kernel', 'eulab boots kernels for x86-64');
  const setupBytes = ((field(0x1f1, 1) || 4) + 1) * 512;
  const end = setupBytes + field(0x1f4, 4) * 16;
  if (file.length < end) throw wrong(name, `is cut: its header says ${end} bytes, the file has ${file.length}`, again);
  const version = versionAt(file, 0x200 + field(0x20e, 2), setupBytes);
  const initBytes = field(0x260, 4);
  return {
    form: 'bzImage',
    arch: 'x86_64',
    version,
    payload: payload(file, { name, start: setupBytes + field(0x248, 4), bytes: field(0x24c, 4), end, initBytes }),
    pvh: false,
    reachBytes: field(0x258, 4) + initBytes,
    cmdlineBytes: field(0x238, 4),
    checksum: checksum(file, end, version),
  };
}

/** The first word of the version string, which `uname -r` prints. */
function versionAt(file: Bytes, offset: number, setupBytes: number): string | undefined {
  if (offset === 0x200 || offset >= setupBytes) return undefined;
  const text = Buffer.from(file.at(offset, 256)).toString('latin1');
  return /^([0-9]+\.[!-~]+)[ \0]/.exec(text)?.[1];
}

interface Place {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
  /** Where the protected-mode kernel ends. */
  readonly end: number;
  readonly initBytes: number;
}

function payload(file: Bytes, { name, start, bytes, end, initBytes }: Place): Payload {
  const damaged = (what: string) => wrong(name, `is damaged: ${what}`, again);
  if (bytes < 32 || start + bytes > end) {
    throw damaged(`its header places the compressed kernel at bytes ${start} to ${start + bytes} of ${end}`);
  }
  const found = compressionOf(file.at(start, 6));
  if (found === undefined) {
    const begins = Buffer.from(file.at(start, 6)).toString('hex');
    throw damaged(`the compressed kernel at byte ${start} begins with ${begins}, which no compression of Linux does`);
  }
  // gzip ends with the length of what is in it; behind the others the build wrote it.
  const frameEnd = found.name === 'gzip' ? start + bytes : start + bytes - 4;
  const fault = frameFault(file, found.name, start, frameEnd);
  if (fault !== undefined) throw damaged(`of the compressed kernel, ${fault}`);
  const unpackedBytes = numberAt(file, start + bytes - 4, 4) ?? 0;
  if (unpackedBytes < bytes / 2 || unpackedBytes > initBytes) {
    throw damaged(`the compressed kernel says that it unpacks to ${unpackedBytes} bytes, its header has room for ${initBytes}`);
  }
  return { compression: found.name, offset: start, bytes, unpackedBytes };
}

/** Linux 6.16 and later write none, and leave zeros there. */
function checksum(file: Bytes, end: number, version: string | undefined): Checksum | undefined {
  const value = numberAt(file, end - 4, 4) ?? 0;
  const [major = 0, minor = 0] = (version ?? '').split('.').map((part) => Number.parseInt(part, 10));
  const old = major > 0 && (major < 6 || (major === 6 && minor < 16));
  if (value === 0 || !old) return undefined;
  const efi = numberAt(file, 0x3c, 4) ?? 0;
  const has = numberAt(file, 0, 2) === 0x5a4d && efi < 0x1000 && numberAt(file, efi, 4) === 0x4550;
  // The optional header's CheckSum, and the fifth data directory behind its 112 bytes.
  const blank = has
    ? [
        { offset: efi + 24 + 64, bytes: 4 },
        { offset: efi + 24 + 112 + 4 * 8, bytes: 8 },
      ]
    : [];
  return { offset: end - 4, value, blank };
}

function wrong(name: string, what: string, hint: string): EulabError {
  return new EulabError(`${name} ${what}`, { hint, exitCode: status.usage });
}

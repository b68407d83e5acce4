import { EulabError, status } from '../errors.ts';

/** How many bytes of a file `checkKernel` wants to see. */
export const kernelHeadBytes = 4096;

/**
 * Refuses what is no x86-64 Linux kernel, as far as its first bytes and its length tell.
 *
 * Pure. `head` is the beginning of the file (`kernelHeadBytes` or all of it), `bytes` its whole length. A bzImage must be
 * as long as its header says; an ELF file (vmlinux) must be for x86-64.
 *
 * @throws EulabError (2) that says what the file is instead.
 * @see Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"
 */
export function checkKernel(head: Uint8Array, bytes: number, name: string): void {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const wrong = (what: string, hint: string) => new EulabError(`${name} ${what}`, { hint, exitCode: status.usage });
  const another = 'name a bzImage with --kernel, or make one: eulab build kernel';

  if (bytes === 0) throw wrong('is empty', another);
  if (head.length > 64 && view.getUint32(0) === 0x7f454c46) {
    if (view.getUint16(18, true) !== 62) throw wrong('is an ELF file for another CPU', another);
    return;
  }
  if (head.length < 0x250 || view.getUint32(0x202, true) !== 0x53726448 || view.getUint16(0x1fe, true) !== 0xaa55) {
    throw wrong(`is no Linux kernel: ${nature(head)}`, another);
  }
  if (view.getUint16(0x206, true) < 0x020c) throw wrong('is a kernel from before Linux 3.8', another);
  if ((view.getUint16(0x236, true) & 1) === 0) throw wrong('is a 32-bit kernel', 'eulab boots x86-64 kernels');
  const setupSectors = head[0x1f1] || 4;
  const expected = (setupSectors + 1) * 512 + view.getUint32(0x1f4, true) * 16;
  if (bytes < expected) {
    throw wrong(`is cut: its header says ${expected} bytes, the file has ${bytes}`, 'copy or build it again');
  }
}

/** A phrase for what the first bytes look like. */
function nature(head: Uint8Array): string {
  const begins = (...magic: number[]) => magic.every((byte, index) => head[index] === byte);
  if (begins(0x1f, 0x8b)) return 'it is gzip-compressed data';
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'it is xz-compressed data';
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return 'it is zstd-compressed data';
  if (begins(0x30, 0x37, 0x30, 0x37, 0x30)) return 'it is a cpio archive';
  if (begins(0x4d, 0x5a)) return 'it is an EFI program without the boot header of Linux on x86';
  const text = head.subarray(0, 512).every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127));
  return text ? 'it is a text file' : 'the boot header (HdrS at 0x202) is missing';
}

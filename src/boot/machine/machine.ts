import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArchName, architectures } from '../../architectures.ts';
import { EulabError, status } from '../../errors.ts';
import { type KernelKind, kernelKind } from './arch.ts';

/**
 * qboot's path when this QEMU brings it: a firmware that starts Linux some 50 ms sooner than SeaBIOS and, unlike it,
 * writes no escape sequences to the serial console. Undefined when it is not there.
 */
export function qboot(qemu: string): string | undefined {
  const folders = [join(dirname(dirname(realpathSync(qemu))), 'share/qemu'), '/usr/share/qemu', '/usr/share/seabios'];
  return folders.map((folder) => join(folder, 'qboot.rom')).find((file) => existsSync(file));
}

const headBytes = 4096;

/**
 * The architecture that a kernel file is for, as its beginning tells: x86_64 when it does not, or cannot be read, which a
 * look at the whole file names.
 *
 * @throws EulabError (2) when it is for another one than `arch`, unless that is `auto`, or QEMU cannot start its form.
 */
export function kernelArch(file: string, arch: 'auto' | ArchName): ArchName {
  const head = headOf(file);
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  const kind = kernelKind(gzip ? unpacked(head) : head);
  if (kind !== undefined && kind.arch !== 'x86_64') checkForeign(file, kind, gzip);
  // What is not to be read is for others to say.
  const found = kind?.arch ?? (head.length === 0 && arch !== 'auto' ? arch : 'x86_64');
  if (arch === 'auto' || arch === found) return found;
  const said = architectures[arch].word;
  throw new EulabError(`${file} is a kernel for ${architectures[found].word}, and --arch says ${said}`, {
    hint: `leave --arch out, or name a kernel for ${said} with --kernel`,
    exitCode: status.usage,
  });
}

/** Refuses the forms of other architectures that QEMU does not unpack. */
function checkForeign(file: string, { arch, form }: KernelKind, gzip: boolean): void {
  const fault =
    form === 'zboot'
      ? 'is an EFI program that unpacks itself, which QEMU does not start everywhere'
      : gzip && (arch !== 'aarch64' || form !== 'Image')
        ? 'is compressed, and QEMU does not unpack it'
        : undefined;
  if (fault === undefined) return;
  const hint = gzip ? `unpack it: gunzip < ${file} > Image; eulab boot --kernel Image` : 'name the plain Image with --kernel';
  throw new EulabError(`${file} ${fault}`, { hint, exitCode: status.usage });
}

/** What a gzip stream begins with, as far as its beginning tells. */
function unpacked(head: Uint8Array): Uint8Array {
  // Most kernels for a PC are no gzip files, and most boots do without.
  const { constants, gunzipSync } = process.getBuiltinModule('node:zlib');
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array();
  }
}

function headOf(file: string): Uint8Array {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const head = new Uint8Array(headBytes);
      return head.subarray(0, readSync(descriptor, head, 0, headBytes, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return new Uint8Array();
  }
}

/** The version of a kernel's plain image, by the banner in it; undefined for one that is compressed, or has none. */
export function plainImageVersion(file: string): string | undefined {
  const banner = Buffer.from('Linux version ');
  const image = readFileSync(file);
  const at = image.indexOf(banner);
  if (at < 0) return undefined;
  const from = at + banner.length;
  return /^[0-9]+\.[!-~]+(?= )/.exec(image.toString('latin1', from, from + 128))?.[0];
}

import type { OpenFile } from './file.ts';
import type { InitramfsFacts } from './initramfs-fault.ts';
import { Damage, entriesOf, type Segment } from './initramfs-walk.ts';
import { nature } from './nature.ts';
import { clean, type Found, startOf } from './start-program.ts';

/** Why a file is no initramfs, as the rest of a sentence that begins with its name. */
export interface Refusal {
  readonly fault: string;
  readonly hint?: string;
}

const pageBytes = 4096;
const microcode = /^kernel\/x86\/microcode(\/|$)/;

/** Reads an initramfs to its end. The checksums of all its parts are right when facts come back. */
export async function readInitramfs(file: OpenFile): Promise<InitramfsFacts | Refusal> {
  if (file.length === 0) return { fault: 'is empty' };
  const segments: Segment[] = [];
  const files = new Map<string, Found>();
  let unpackedBytes = 0;
  const seen = { microcode: false, more: false };
  try {
    for await (const { path, mode, size, head } of entriesOf(file, segments)) {
      const name = clean(path);
      // A hard link's later entry brings the content that its earlier ones lack.
      files.set(name, { mode, size, head: head ?? new Uint8Array(0) });
      unpackedBytes += Math.ceil(size / pageBytes) * pageBytes;
      if ((mode & 0o170000) !== 0o040000) seen[microcode.test(name) ? 'microcode' : 'more'] = true;
    }
  } catch (error) {
    if (error instanceof Damage) return { fault: error.message };
    throw error;
  }
  if (segments.length === 0) return stranger(file);
  const opaque = segments.some((segment) => segment.opaque);
  return {
    compressions: segments.map(({ compression }) => compression),
    opaque,
    fileBytes: file.length,
    unpackedBytes,
    start: opaque ? { fault: undefined, needs: [] } : startOf(files, '/init'),
    microcodeOnly: seen.microcode && !seen.more,
  };
}

function stranger(file: OpenFile): Refusal {
  const { what, role } = nature(file);
  const fault = `is no initramfs: neither a cpio archive nor a compressed one, but ${what}`;
  return role === 'kernel' ? { fault, hint: 'a kernel is named with --kernel' } : { fault };
}

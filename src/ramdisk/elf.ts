import { EulabError } from '../errors.ts';

/** What an ELF file's headers say of how it is run. */
export interface Elf {
  readonly machine: 'x86_64' | 'aarch64' | 'riscv64' | 'other';
  /** No interpreter and no shared libraries: runs in an empty file system. */
  readonly static: boolean;
  /** The dynamic loader that the kernel starts; undefined for a static program. */
  readonly interpreter: string | undefined;
}

const machines: Readonly<Record<number, Elf['machine']>> = { 62: 'x86_64', 183: 'aarch64', 243: 'riscv64' };
const ET_REL = 1;
const ET_CORE = 4;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1n;

/**
 * The facts of a 64-bit little-endian ELF file. Pure; `name` is for the errors.
 *
 * @throws EulabError when it is no such file, or is cut.
 * @see elf(5)
 */
export function elf(bytes: Uint8Array, name: string): Elf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46) throw new EulabError(`${name} is no ELF program`);
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new EulabError(`${name} is no 64-bit little-endian program`);
  const type = view.getUint16(16, true);
  if (type === ET_REL || type === ET_CORE) throw new EulabError(`${name} is no program, but an object or a core file`);
  let interpreter: string | undefined;
  let libraries = false;
  for (const segment of segments(view, name)) {
    if (segment.offset + segment.bytes > bytes.length) throw new EulabError(`${name} is cut: a segment lies beyond its end`);
    if (segment.type === PT_INTERP) {
      interpreter = Buffer.from(bytes.subarray(segment.offset, segment.offset + segment.bytes))
        .toString()
        .replace(/\0.*$/s, '');
    }
    if (segment.type === PT_DYNAMIC) {
      for (let at = segment.offset; at + 16 <= segment.offset + segment.bytes; at += 16) {
        if (view.getBigUint64(at, true) === DT_NEEDED) libraries = true;
      }
    }
  }
  const machine = machines[view.getUint16(18, true)] ?? 'other';
  return { machine, static: interpreter === undefined && !libraries, interpreter };
}

function* segments(view: DataView, name: string): Generator<{ type: number; offset: number; bytes: number }> {
  const table = Number(view.getBigUint64(32, true));
  const entryBytes = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (count > 0 && (entryBytes < 56 || table + count * entryBytes > view.byteLength)) {
    throw new EulabError(`${name} is cut: its program headers lie beyond its end`);
  }
  for (let index = 0; index < count; index += 1) {
    const at = table + index * entryBytes;
    yield {
      type: view.getUint32(at, true),
      offset: Number(view.getBigUint64(at + 8, true)),
      bytes: Number(view.getBigUint64(at + 32, true)),
    };
  }
}

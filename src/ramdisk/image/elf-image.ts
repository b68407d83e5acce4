import type { Bytes } from './bytes.ts';

/** The headers of an ELF file, as far as it matters who runs it. */
export interface ElfImage {
  readonly bits: 32 | 64;
  readonly kind: 'object' | 'program' | 'library' | 'core' | 'other';
  /** The CPU's name; its number when it is a rare one. */
  readonly machine: string;
  /** The program that the kernel starts to load this one; undefined for a static program. */
  readonly interpreter: string | undefined;
  /** It has the note by which Linux is started as it is, without its own decompressor. */
  readonly pvh: boolean;
  /** Where its segments end in memory, by their physical addresses. */
  readonly reachBytes: number;
  /** The segment that lies beyond the file's end; undefined when all are there. */
  readonly cut: { readonly end: number } | undefined;
}

const machines: Readonly<Record<number, string>> = {
  2: 'sparc',
  3: 'x86 (32 bit)',
  8: 'mips',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390x',
  40: 'arm',
  43: 'sparc64',
  62: 'x86-64',
  183: 'arm64',
  243: 'riscv',
  258: 'loongarch',
};
const kinds = ['other', 'object', 'program', 'library', 'core'] as const;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_NOTE = 4;
const XEN_ELFNOTE_PHYS32_ENTRY = 18;
const mostHeaders = 256;
const mostNoteBytes = 65_536;

/**
 * The facts of an ELF file of any CPU; undefined when it is none. Pure: reads the headers, and what they point to.
 *
 * @see elf(5), include/xen/interface/elfnote.h
 */
export function elfImage(file: Bytes): ElfImage | undefined {
  const head = file.at(0, 64);
  if (head.length < 52 || Buffer.from(head.subarray(0, 4)).toString('latin1') !== '\x7fELF') return undefined;
  const bits = head[4] === 1 ? 32 : 64;
  const view = reading(head, head[5] !== 2);
  let interpreter: string | undefined;
  let pvh = false;
  let end = 0;
  let reachBytes = 0;
  for (const segment of segments(file, view, bits, head[5] !== 2)) {
    if (segment.type === PT_LOAD || segment.type === PT_INTERP) end = Math.max(end, segment.offset + segment.bytes);
    if (segment.type === PT_LOAD) reachBytes = Math.max(reachBytes, segment.reach);
    if (segment.type === PT_INTERP) {
      const path = file.at(segment.offset, Math.min(segment.bytes, 4096));
      interpreter = Buffer.from(path).toString().replace(/\0.*$/s, '');
    }
    if (segment.type === PT_NOTE && head[5] !== 2) {
      pvh ||= hasPvhNote(file.at(segment.offset, Math.min(segment.bytes, mostNoteBytes)));
    }
  }
  const machine = view.u16(18);
  return {
    bits,
    kind: kinds[view.u16(16)] ?? 'other',
    machine: machines[machine] ?? `CPU ${machine}`,
    interpreter,
    pvh,
    reachBytes,
    cut: end > file.length ? { end } : undefined,
  };
}

interface Numbers {
  u16(at: number): number;
  u32(at: number): number;
  u64(at: number): number;
}

function reading(bytes: Uint8Array, little: boolean): Numbers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    u16: (at) => view.getUint16(at, little),
    u32: (at) => view.getUint32(at, little),
    u64: (at) => Number(view.getBigUint64(at, little)),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly bytes: number;
  /** Where it ends in memory. */
  readonly reach: number;
}

function segments(file: Bytes, head: Numbers, bits: 32 | 64, little: boolean): Segment[] {
  const [table, entryBytes, count] =
    bits === 64 ? [head.u64(32), head.u16(54), head.u16(56)] : [head.u32(28), head.u16(42), head.u16(44)];
  const least = bits === 64 ? 56 : 32;
  if (count > mostHeaders || entryBytes < least || !Number.isSafeInteger(table)) return [];
  const part = file.at(table, count * entryBytes);
  const entries = reading(part, little);
  return Array.from({ length: Math.floor(part.length / entryBytes) }, (_, index) => {
    const at = index * entryBytes;
    const word = bits === 64 ? entries.u64 : entries.u32;
    // p_offset, p_paddr, p_filesz and p_memsz.
    const [offset, address, bytes, memory] = (bits === 64 ? [8, 24, 32, 40] : [4, 12, 16, 20]).map((place) => word(at + place));
    return { type: entries.u32(at), offset: offset ?? 0, bytes: bytes ?? 0, reach: (address ?? 0) + (memory ?? 0) };
  });
}

/** True when one of the notes is Xen's, of the type that names the entry for PVH. Name and description are padded to 4. */
function hasPvhNote(notes: Uint8Array): boolean {
  const { u32 } = reading(notes, true);
  for (let at = 0; at + 12 <= notes.length; ) {
    const [nameBytes, dataBytes] = [u32(at), u32(at + 4)];
    const name = Buffer.from(notes.subarray(at + 12, at + 12 + nameBytes)).toString('latin1');
    if (name === 'Xen\0' && u32(at + 8) === XEN_ELFNOTE_PHYS32_ENTRY) return true;
    at += 12 + Math.ceil(nameBytes / 4) * 4 + Math.ceil(dataBytes / 4) * 4;
  }
  return false;
}

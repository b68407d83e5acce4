/** A file that is read in places. */
export interface ReadPlaces {
  readonly length: number;
  /** Fewer bytes at the file's end. */
  at(offset: number, bytes: number): Uint8Array;
}

/** What an uncompressed kernel with its symbols says of itself. */
export interface Vmlinux {
  /** In hex; undefined when the linker wrote none. */
  readonly buildId: string | undefined;
  /** It has DWARF: gdb can show source lines and types. */
  readonly debugInfo: boolean;
  /** As the bzImage's header has it too: release, who built it, number and date of the build. */
  readonly version: string | undefined;
}

/** The compressed kernel in a bzImage. */
export interface Compressed {
  readonly kind: 'gzip' | 'lz4' | 'other';
  readonly offset: number;
  readonly bytes: number;
}

const mostBytes = 16 * 2 ** 20;
const NT_GNU_BUILD_ID = 3;

/**
 * The facts of a vmlinux; undefined when the file is no 64-bit little-endian ELF file with sections. Pure: reads the section
 * headers, the notes and .rodata.
 *
 * @see elf(5)
 */
export function vmlinuxFacts(file: ReadPlaces): Vmlinux | undefined {
  const all = sectionsOf(file);
  if (all.length === 0) return undefined;
  const content = (name: string) => {
    const section = all.find((one) => one.name === name);
    return section === undefined ? new Uint8Array() : file.at(section.offset, Math.min(section.bytes, mostBytes));
  };
  return {
    buildId: buildId(content('.notes')),
    debugInfo: all.some(({ name, bytes }) => /^\.z?debug_info$/.test(name) && bytes > 0),
    version: bannerVersion(Buffer.from(content('.rodata')).toString('latin1')),
  };
}

/** The version in a bzImage's header, whole: "6.1.0 (user@host) #1 SMP date". @see Documentation/arch/x86/boot.rst, kernel_version */
export function imageVersion(file: ReadPlaces): string | undefined {
  const head = file.at(0x200, 0x70);
  if (head.length < 0x70 || Buffer.from(head.subarray(2, 6)).toString('latin1') !== 'HdrS') return undefined;
  const pointer = view(head).getUint16(0x0e, true);
  if (pointer === 0) return undefined;
  return Buffer.from(file.at(pointer + 0x200, 512))
    .toString('latin1')
    .replace(/\0.*$/s, '');
}

/** Where a bzImage's compressed kernel lies; undefined when the header does not say. @see Documentation/arch/x86/boot.rst, payload_offset */
export function compressed(file: ReadPlaces): Compressed | undefined {
  const head = file.at(0x1f1, 0x60);
  if (head.length < 0x60) return undefined;
  const setup = ((head[0] || 4) + 1) * 512;
  const offset = setup + view(head).getUint32(0x248 - 0x1f1, true);
  const bytes = view(head).getUint32(0x24c - 0x1f1, true);
  if (bytes === 0 || offset + bytes > file.length) return undefined;
  const magic = Buffer.from(file.at(offset, 4)).toString('hex');
  return { kind: magic.startsWith('1f8b') ? 'gzip' : magic === '02214c18' ? 'lz4' : 'other', offset, bytes };
}

/**
 * Whether a build id occurs in a kernel's bytes. Pure. They may be those of an lz4 stream: that copies what does not repeat, as
 * it is, and cuts it at most where four bytes of it happen to have occurred before; so half of the id has to be in one piece.
 */
export function hasBuildId(kernel: Uint8Array, id: string): boolean {
  const bytes = Buffer.from(kernel.buffer, kernel.byteOffset, kernel.byteLength);
  const wanted = Buffer.from(id, 'hex');
  const half = wanted.length / 2;
  return bytes.includes(wanted.subarray(0, half)) || bytes.includes(wanted.subarray(half));
}

/** A section of an ELF file. */
export interface Section {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** False for one that is in memory only, as .bss. */
  readonly hasBytes: boolean;
}

/** The sections of a 64-bit little-endian ELF file; none for what is no such file. Pure. @see elf(5) */
export function sectionsOf(file: ReadPlaces): Section[] {
  const head = file.at(0, 64);
  if (head.length < 64 || Buffer.from(head.subarray(0, 6)).toString('latin1') !== '\x7fELF\x02\x01') return [];
  return sections(file, head);
}

function sections(file: ReadPlaces, head: Uint8Array): Section[] {
  const header = view(head);
  const [table, entryBytes, count, namesIndex] = [
    Number(header.getBigUint64(40, true)),
    header.getUint16(58, true),
    header.getUint16(60, true),
    header.getUint16(62, true),
  ];
  if (entryBytes < 64 || namesIndex >= count || table + entryBytes * count > file.length) return [];
  const entries = view(file.at(table, entryBytes * count));
  const place = (index: number) => ({
    nameAt: entries.getUint32(index * entryBytes, true),
    offset: Number(entries.getBigUint64(index * entryBytes + 24, true)),
    bytes: Number(entries.getBigUint64(index * entryBytes + 32, true)),
    // SHT_NOBITS
    hasBytes: entries.getUint32(index * entryBytes + 4, true) !== 8,
  });
  const { offset, bytes } = place(namesIndex);
  const names = Buffer.from(file.at(offset, Math.min(bytes, mostBytes))).toString('latin1');
  return Array.from({ length: count }, (_, index) => {
    const { nameAt, ...rest } = place(index);
    return { name: names.slice(nameAt, names.indexOf('\0', nameAt)), ...rest };
  });
}

/** The note of GNU's that holds it. Name and description are padded to 4 bytes. */
function buildId(notes: Uint8Array): string | undefined {
  const words = view(notes);
  for (let at = 0; at + 12 <= notes.length; ) {
    const [nameBytes, dataBytes, type] = [0, 4, 8].map((place) => words.getUint32(at + place, true)) as [number, number, number];
    const dataAt = at + 12 + Math.ceil(nameBytes / 4) * 4;
    const name = Buffer.from(notes.subarray(at + 12, at + 12 + nameBytes)).toString('latin1');
    if (name === 'GNU\0' && type === NT_GNU_BUILD_ID)
      return Buffer.from(notes.subarray(dataAt, dataAt + dataBytes)).toString('hex');
    at = dataAt + Math.ceil(dataBytes / 4) * 4;
  }
  return undefined;
}

/** linux_banner without the compiler, which the bzImage's header leaves out: "Linux version R (user@host) (compiler) #1 ...". */
function bannerVersion(text: string): string | undefined {
  const [, release, rest] = /Linux version (\S+ \([^)]*\)) [^\n\0]*?(#\d[^\n\0]*)\n/.exec(text) ?? [];
  return release === undefined ? undefined : `${release} ${rest}`;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

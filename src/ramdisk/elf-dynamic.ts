import { EulabError } from '../errors.ts';

/** What an ELF file says of the files that it needs when it is run. */
export interface Dynamic {
  readonly machine: string;
  /** The dynamic loader that the kernel starts; undefined for a static program and for most libraries. */
  readonly interpreter: string | undefined;
  /** The libraries by the names in DT_NEEDED, in their order. */
  readonly needed: readonly string[];
  /** Where they are looked for first: DT_RPATH, which counts for what they need too, and DT_RUNPATH, which does not. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
}

const machines: Readonly<Record<number, string>> = {
  3: 'x86',
  8: 'mips',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv64',
};
const types = { ET_EXEC: 2, ET_DYN: 3 };
const segmentTypes = { PT_LOAD: 1, PT_DYNAMIC: 2, PT_INTERP: 3 };
const tags = { DT_NULL: 0, DT_NEEDED: 1, DT_STRTAB: 5, DT_RPATH: 15, DT_RUNPATH: 29 };

/**
 * The dynamic section of a program or a library. Pure; `name` is for the errors. Undefined when it is no ELF file for programs:
 * a script, an object file. One of 32 bits or the other byte order tells its machine and no more.
 *
 * @throws EulabError when it is cut.
 * @see elf(5), ld.so(8)
 */
export function dynamicOf(bytes: Uint8Array, name: string): Dynamic | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46) return undefined;
  const little = bytes[5] === 1;
  const type = view.getUint16(16, little);
  if (type !== types.ET_EXEC && type !== types.ET_DYN) return undefined;
  const number = view.getUint16(18, little);
  const machine = machines[number] ?? `machine ${number}`;
  const nothing = { interpreter: undefined, needed: [], rpath: [], runpath: [] };
  if (bytes[4] !== 2 || !little) return { machine: bytes[4] === 1 ? `${machine}, 32 bits` : machine, ...nothing };
  try {
    return { ...nothing, machine, ...sections(view) };
  } catch (error) {
    if (error instanceof RangeError) throw new EulabError(`${name} is cut or damaged: its headers lead beyond its end`);
    throw error;
  }
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

function sections(view: DataView): Partial<Dynamic> {
  const all = segments(view);
  const interpreter = all.find(({ type }) => type === segmentTypes.PT_INTERP);
  const dynamic = all.find(({ type }) => type === segmentTypes.PT_DYNAMIC);
  const loader = interpreter === undefined ? undefined : textAt(view, interpreter.offset);
  if (dynamic === undefined) return { interpreter: loader };
  const values = new Map<number, number[]>();
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.bytes; at += 16) {
    const tag = Number(view.getBigInt64(at, true));
    if (tag === tags.DT_NULL) break;
    values.set(tag, [...(values.get(tag) ?? []), Number(view.getBigUint64(at + 8, true))]);
  }
  const [address = 0] = values.get(tags.DT_STRTAB) ?? [];
  const home = all.find(
    (one) => one.type === segmentTypes.PT_LOAD && address >= one.address && address < one.address + one.bytes,
  );
  const strings = home === undefined ? address : address - home.address + home.offset;
  const texts = (tag: number) => (values.get(tag) ?? []).map((offset) => textAt(view, strings + offset));
  const paths = (tag: number) => texts(tag).flatMap((text) => text.split(':').filter((path) => path !== ''));
  return {
    interpreter: loader,
    needed: texts(tags.DT_NEEDED),
    rpath: paths(tags.DT_RPATH),
    runpath: paths(tags.DT_RUNPATH),
  };
}

function segments(view: DataView): Segment[] {
  const table = Number(view.getBigUint64(32, true));
  const entryBytes = view.getUint16(54, true);
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = table + index * entryBytes;
    const number = (offset: number) => Number(view.getBigUint64(at + offset, true));
    return { type: view.getUint32(at, true), offset: number(8), address: number(16), bytes: number(32) };
  });
}

/** The text that ends with NUL. @throws RangeError when it begins or ends beyond the file. */
function textAt(view: DataView, offset: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  const end = bytes.indexOf(0, offset);
  if (offset >= bytes.length || end < 0) throw new RangeError('a text leads beyond the end');
  return bytes.toString('utf8', offset, end);
}

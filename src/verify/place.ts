import { compressed, sectionsOf } from '../boot/inspection/vmlinux.ts';

/** A file that is read in places. */
interface Places {
  readonly length: number;
  at(offset: number, bytes: number): Uint8Array;
}

/** So many names are listed. */
const mostNames = 8;

/** The offset of the first byte that is another one; that of the end, when one file goes on; undefined when they are the same. Pure. */
export function firstDifference(a: Places, b: Places): number | undefined {
  const step = 1 << 16;
  const shorter = Math.min(a.length, b.length);
  for (let offset = 0; offset < shorter; offset += step) {
    const bytes = Math.min(step, shorter - offset);
    const [left, right] = [a.at(offset, bytes), b.at(offset, bytes)];
    if (Buffer.compare(left, right) === 0) continue;
    return offset + left.findIndex((byte, index) => byte !== right[index]);
  }
  return a.length === b.length ? undefined : shorter;
}

/** Where two files of a build differ, in the terms of what they are; `name` is that of the file. Pure. */
export function placeOf(name: string, a: Places, b: Places): string {
  const offset = firstDifference(a, b) ?? 0;
  const lengths = a.length === b.length ? '' : `; ${a.length} bytes, and ${b.length} again`;
  if (/(^|\/)(config|System\.map|modules\.\w+|.*\.py)$/.test(name)) return `${line(a, b, offset)}${lengths}`;
  if (name.endsWith('bzImage')) return `${part(a, offset)}, from offset ${offset}${lengths}`;
  const sections = changedSections(a, b);
  if (sections.length > 0) {
    const more = sections.length > mostNames ? ` and ${sections.length - mostNames} more` : '';
    return `section ${sections.slice(0, mostNames).join(', ')}${more}; from offset ${offset}${lengths}`;
  }
  const sound = sectionsOf(a).length > 0 && sectionsOf(b).length > 0;
  return `${sound ? 'the headers, not the sections, ' : ''}from offset ${offset}${lengths}`;
}

function part(bzImage: Places, offset: number): string {
  const payload = compressed(bzImage);
  const setupBytes = ((bzImage.at(0x1f1, 1)[0] || 4) + 1) * 512;
  if (offset < setupBytes) return 'the setup header and code';
  if (payload === undefined) return 'the protected-mode code';
  if (offset < payload.offset) return 'the code that unpacks the kernel';
  return offset < payload.offset + payload.bytes ? 'the payload, the compressed kernel' : 'what follows the payload';
}

function line(a: Places, b: Places, offset: number): string {
  const before = Buffer.from(a.at(0, offset));
  const number = before.toString('latin1').split('\n').length;
  const beginning = before.lastIndexOf(10) + 1;
  const text = (file: Places) =>
    Buffer.from(file.at(beginning, 200))
      .toString('latin1')
      .replace(/[\n\0].*$/s, '');
  return `line ${number}: ${JSON.stringify(text(a))}, and again ${JSON.stringify(text(b))}`;
}

/** The names of the sections of two ELF files with other bytes, or in one of them only. */
function changedSections(a: Places, b: Places): string[] {
  const [left, right] = [sectionsOf(a), sectionsOf(b)];
  const names = [...new Set([...left, ...right].map(({ name }) => name))].filter((name) => name !== '');
  const find = (list: typeof left, name: string) => list.find((section) => section.name === name);
  return names.filter((name) => {
    const [one, other] = [find(left, name), find(right, name)];
    if (one === undefined || other === undefined || one.bytes !== other.bytes || one.hasBytes !== other.hasBytes) return true;
    return one.hasBytes && Buffer.compare(a.at(one.offset, one.bytes), b.at(other.offset, other.bytes)) !== 0;
  });
}

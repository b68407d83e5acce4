import type { ArchName } from '../../architectures.ts';
import type { Bytes } from './bytes.ts';
import { fieldNames, type Header, headerBytes, longestPath, typeOf } from './header.ts';
import { headsOf } from './inspect.ts';
import { modeText } from './listing.ts';
import { shown } from './path.ts';
import { type ImageEntry, type Part, readImage } from './read.ts';
import { Rootfs } from './rootfs.ts';
import { type Warning, Warnings } from './warnings.ts';

/** What `explain` says: lines as the image is read, and at its end what will not work. */
export type Explained =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'warnings'; readonly warnings: Warning[] };

const hex = (value: number, digits = 8) => value.toString(16).toUpperCase().padStart(digits, '0');

/**
 * An image told in the order of its bytes: segments, headers, and what the kernel does with each entry. `headers`: every header field
 * by field; else that of the first entry alone. `guest` is what the kernel is for that is to start it, where one is at hand.
 *
 * @throws Damage
 */
export async function* explained(
  file: Bytes,
  { headers, guest }: { readonly headers: boolean; readonly guest: ArchName | undefined },
): AsyncGenerator<Explained> {
  const rootfs = new Rootfs();
  const warnings = new Warnings();
  const heads = headsOf();
  const line = (text: string): Explained => ({ kind: 'line', text });
  let [entries, opaque] = [0, false];
  for await (const part of readImage(file)) {
    switch (part.kind) {
      case 'entry': {
        const effect = rootfs.add(part, await heads(part));
        warnings.entry(part.path, effect);
        yield line(`  0x${hex(part.offset)}  ${modeText(part.mode)}  ${shown(part.path)}: ${effect.does()}`);
        if (headers || entries === 0) for (const text of fieldLines(part)) yield line(text);
        entries += 1;
        break;
      }
      case 'trailer':
        rootfs.endArchive();
        yield line(`  0x${hex(part.offset)}  TRAILER!!!: the archive's end; hard links do not reach over it`);
        break;
      default:
        opaque ||= part.kind === 'segment' && part.segment.opaque === true;
        if (part.kind === 'rest') warnings.rest(part.offset);
        yield line(partText(part));
    }
  }
  yield { kind: 'warnings', warnings: warnings.with(opaque ? undefined : rootfs, guest) };
}

function partText(part: Exclude<Part, { kind: 'entry' | 'trailer' }>): string {
  switch (part.kind) {
    case 'segment': {
      const { compression, offset, opaque } = part.segment;
      const at = `segment at byte ${offset} (0x${hex(offset)})`;
      if (compression === 'none') return `${at}: a cpio archive, not compressed; offsets below are the file's`;
      const how = `${compression}-compressed: the kernel unpacks it if it has CONFIG_RD_${compression.toUpperCase()}=y`;
      return `${at}: ${how}; ${opaque === true ? 'no program here unpacks it' : 'offsets below are those of the unpacked bytes'}`;
    }
    case 'segment-end':
      return `  ends at byte ${part.end}: ${part.end - part.segment.offset} bytes, ${part.unpackedBytes} unpacked`;
    case 'zeros':
      return `${part.bytes} zeros at byte ${part.offset}: the kernel passes over them`;
    case 'rest':
      return `${part.bytes} bytes at byte ${part.offset}: neither an archive nor a compression that the kernel knows`;
  }
}

/** The header's fields in hexadecimal, as they are in the archive, beside what they mean. */
function fieldLines(entry: ImageEntry): string[] {
  const { inode, mode, uid, gid, links, mtime, size, device, node, nameBytes, check, format } = entry;
  const values = [
    inode,
    mode,
    uid,
    gid,
    links,
    mtime,
    size,
    device.major,
    device.minor,
    node.major,
    node.minor,
    nameBytes,
    check,
  ];
  const magic = format === 'newc' ? '070701    newc' : '070702    crc: as newc, with a checksum';
  return [
    `      c_magic      ${magic}`,
    ...values.map((value, index) => `      ${fieldNames[index]?.padEnd(12)} ${hex(value)}  ${meaning(entry, index)}`),
    `      then ${nameBytes} bytes of name and ${(4 - ((headerBytes + nameBytes) % 4)) % 4} of padding, ${size} of content and ${(4 - (size % 4)) % 4} of padding`,
  ];
}

function meaning(header: Header, index: number): string {
  const { inode, mode, links, mtime, size, node, nameBytes, check, format } = header;
  const type = typeOf(mode);
  switch (index) {
    case 0:
      return `inode ${inode}: with c_maj and c_min, what the names of one file have in common`;
    case 1:
      return `${modeText(mode)}: a ${type}, permissions ${(mode & 0o7777).toString(8)}`;
    case 2:
      return `owner ${header.uid}`;
    case 3:
      return `group ${header.gid}`;
    case 4:
      return links < 2 || type === 'directory'
        ? `${links} names`
        : `${links} names: the kernel looks for an earlier one, to link to`;
    case 5:
      return new Date(mtime * 1000).toISOString().slice(0, 19).replace('T', ' ');
    case 6:
      return type === 'symlink'
        ? `${size} bytes: where it leads${size > longestPath ? '; too long, the kernel passes over it' : ''}`
        : `${size} bytes of content`;
    case 7:
    case 8:
      return 'of the disk that it was packed from; nothing else';
    case 9:
    case 10:
      return type === 'character' || type === 'block' ? `the device is ${node.major}:${node.minor}` : 'no device';
    case 11:
      return `${nameBytes} bytes of name, with the NUL at its end`;
    default:
      return format === 'crc' ? `the sum of all bytes of the content: ${check}` : 'not used in newc';
  }
}

import * as v from 'valibot';
import { bytes, count, major, path, text } from './parts.ts';

const compression = v.picklist(['gzip', 'bzip2', 'lzma', 'xz', 'lzo', 'lz4', 'zstd', 'none']);
const type = v.picklist(['fifo', 'character', 'directory', 'block', 'file', 'symlink', 'socket', 'unknown']);
const mode = v.pipe(v.string(), v.regex(/^[0-7]{4}$/), v.description('permissions, in octal'));
const inImage = v.pipe(text, v.description('in the image'));

export const entries = v.array(
  v.object({
    path: inImage,
    type,
    mode,
    uid: count,
    gid: count,
    links: count,
    inode: count,
    size: bytes,
    mtime: v.pipe(count, v.description('seconds since 1970')),
    device: v.optional(v.pipe(text, v.description('MAJOR:MINOR'))),
    target: v.optional(v.pipe(text, v.description('of a symbolic link'))),
    format: v.picklist(['newc', 'crc']),
    segment: v.object({ offset: count, compression }),
    offset: v.pipe(count, v.description("of the header, in the segment's unpacked content")),
  }),
);

export const tree = v.array(
  v.object({
    path: v.pipe(text, v.description('as the guest finds it, without a slash at the beginning')),
    type,
    mode,
    uid: count,
    gid: count,
    size: bytes,
    target: v.optional(text),
    device: v.optional(text),
  }),
);

export const differences = v.array(
  v.variant('kind', [
    v.object({ kind: v.literal('removed'), path: inImage }),
    v.object({ kind: v.literal('added'), path: inImage }),
    v.object({ kind: v.literal('changed'), path: inImage, what: v.array(text) }),
  ]),
);

const warnings = v.array(
  v.object({
    name: v.pipe(text, v.description('of an error: that of the diagnosis which eulab boot would give')),
    level: v.picklist(['error', 'warning', 'note']),
    text: v.pipe(text, v.description("the rest of a sentence that begins with the archive's name")),
  }),
);

export const image = v.object({
  schema: major(1),
  compressions: v.pipe(v.array(compression), v.description('of the segments, in their order')),
  opaque: v.pipe(v.boolean(), v.description('some of it could not be unpacked here, for want of a program')),
  fileBytes: bytes,
  unpackedBytes: v.pipe(bytes, v.description('in whole pages')),
  start: v.pipe(
    v.object({
      fault: v.optional(text),
      name: v.optional(text),
      needs: v.pipe(v.array(text), v.description("switches of the kernel's configuration without which it does not start")),
      machine: v.optional(v.pipe(text, v.description('what /init is a program for: x86-64, arm64, riscv'))),
    }),
    v.description('whether the kernel could start /init'),
  ),
  microcodeOnly: v.boolean(),
  warnings,
});

export const sizes = v.array(
  v.object({ path: inImage, bytes: v.pipe(bytes, v.description('of a folder with all that is in it')), folder: v.boolean() }),
);

export const packed = v.object({
  schema: major(1),
  file: path,
  bytes,
  entries: count,
  compression,
  socketsLeftOut: v.pipe(v.array(text), v.description('by their paths in the folder')),
});

export const extracted = v.object({
  schema: major(1),
  folder: path,
  entries: count,
  bytes,
  devicesLeftOut: count,
  warnings,
});

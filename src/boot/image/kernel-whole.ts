import { constants, crc32, gunzipSync } from 'node:zlib';
import { EulabError, status } from '../../errors.ts';
import type { Bytes } from '../../ramdisk/image/bytes.ts';
import type { OpenFile } from '../../ramdisk/image/file.ts';
import type { KernelFacts } from './kernel-image.ts';

/** What gzip-compressed data begins with, to say what is in it. */
export function beginning(file: Bytes): Uint8Array | undefined {
  const head = file.at(0, 4096);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return undefined;
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

/** @throws EulabError (2) when the image's checksum, or that of a gzip payload where there is no other, is wrong. */
export function checkWhole(file: OpenFile, { checksum, payload }: KernelFacts): void {
  const damaged = (what: string) =>
    new EulabError(`${file.path} is damaged: ${what}`, { hint: 'copy or build it again', exitCode: status.usage });
  if (checksum !== undefined) {
    const bytes = file.at(0, checksum.offset);
    for (const blank of checksum.blank) bytes.fill(0, blank.offset, blank.offset + blank.bytes);
    // The build leaves out the inversion at the end.
    if ((crc32(bytes) ^ 0xffffffff) >>> 0 !== checksum.value) throw damaged('its checksum is not that of its bytes');
  } else if (payload?.compression === 'gzip') {
    try {
      gunzipSync(file.at(payload.offset, payload.bytes));
    } catch (error) {
      throw damaged(`the compressed kernel cannot be unpacked (${error instanceof Error ? error.message : error})`);
    }
  }
}

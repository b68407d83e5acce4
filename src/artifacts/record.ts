import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRecord } from './manifest.ts';

/** The record of a file that was just written, of this SHA-256; waits until the disk has it. */
export async function flushed(folder: string, path: string, digest: string): Promise<FileRecord> {
  const handle = await open(join(folder, path), 'r');
  try {
    await handle.sync();
    const { size, mtimeMs } = await handle.stat();
    return { path, bytes: size, mtimeMs, sha256: digest };
  } finally {
    await handle.close();
  }
}

/** Whether a file is as its record has it, by its size and its time. */
export async function untouched(artifacts: string, record: FileRecord): Promise<'same' | 'missing' | 'changed'> {
  const found = await lstat(join(artifacts, record.path)).catch(() => undefined);
  if (found === undefined) return 'missing';
  return found.isFile() && found.size === record.bytes && found.mtimeMs === record.mtimeMs ? 'same' : 'changed';
}

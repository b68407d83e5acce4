import { renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a file by way of a draft beside it: who is killed, or out of room, leaves what was there before.
 *
 * @throws what the file system has against it; the draft is gone then.
 */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch (error) {
    try {
      rmSync(draft, { force: true });
    } catch {
      // There is no such folder, say: what was wrong before is told.
    }
    throw error;
  }
}

import type { FileRecord } from '../artifacts/manifest.ts';
import { size } from '../ui.ts';

/** The files of a product in a line, with their sizes; those in a folder as one, with how many they are. Pure. */
export function outputs(files: readonly Pick<FileRecord, 'path' | 'bytes'>[]): string {
  const groups = new Map<string, Pick<FileRecord, 'path' | 'bytes'>[]>();
  for (const file of files) {
    const [top = ''] = file.path.split('/', 1);
    groups.set(top, [...(groups.get(top) ?? []), file]);
  }
  const words = [...groups].map(([name, members]) => {
    const bytes = size(members.reduce((sum, one) => sum + one.bytes, 0));
    if (members.some(({ path }) => path === name)) return `${name} (${bytes})`;
    return `${name}/ (${members.length} ${members.length === 1 ? 'file' : 'files'}, ${bytes})`;
  });
  return words.join(', ');
}

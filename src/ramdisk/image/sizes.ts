/** A file or a folder, and what it takes with all that is in it. */
export interface Sized {
  readonly path: string;
  readonly bytes: number;
  readonly folder: boolean;
}

/**
 * The largest files and folders, largest first: a folder counts with all that is in it, and stands before its own parts where
 * they take the same. Pure.
 */
export function largest(files: Iterable<readonly [path: string, bytes: number]>, most: number): Sized[] {
  const sums = new Map<string, Sized>();
  for (const [path, bytes] of files) {
    const parts = path.split('/');
    for (let depth = 0; depth < Math.min(parts.length, 64); depth += 1) {
      const above = parts.slice(0, depth).join('/');
      sums.set(above, { path: above, bytes: (sums.get(above)?.bytes ?? 0) + bytes, folder: true });
    }
    sums.set(path, { path, bytes: (sums.get(path)?.bytes ?? 0) + bytes, folder: false });
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes || a.path.length - b.path.length).slice(0, most);
}

/** A table with a bar for each, as long as its share. Pure; `text` says a number of bytes. */
export function barTable(rows: readonly Sized[], text: (bytes: number) => string): string[] {
  const whole = rows[0]?.bytes || 1;
  return rows.map(({ path, bytes, folder }) => {
    const share = bytes / whole;
    const bar = '█'.repeat(Math.round(share * 24)).padEnd(24, '·');
    return `${text(bytes).padStart(10)} ${String(Math.round(share * 100)).padStart(4)} %  ${bar}  /${path}${folder && path !== '' ? '/' : ''}`;
  });
}

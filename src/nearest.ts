/**
 * The name closest to a misspelt one, by the number of letters to change, else the only one that begins so; undefined when none is
 * close. Pure.
 */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  const all = [...names];
  let best: string | undefined;
  let least = Math.max(1, Math.min(3, Math.floor(wanted.length / 3))) + 1;
  for (const name of all) {
    if (Math.abs(name.length - wanted.length) >= least) continue;
    const steps = edits(wanted, name, least);
    if (steps < least) [best, least] = [name, steps];
  }
  const longer = wanted.length < 3 ? [] : all.filter((name) => name.startsWith(wanted));
  return best ?? (longer.length === 1 ? longer[0] : undefined);
}

/** What to say to who has misspelt a name: the nearest one, else which there are, or what is said instead. Pure. */
export function didYouMean(wanted: string, names: readonly string[], otherwise = `there are ${names.join(', ')}`): string {
  const near = nearest(wanted, names);
  return near === undefined ? otherwise : `did you mean ${near}?`;
}

/** How many letters to insert, remove, change or swap; `limit` when it is as many or more. @see Damerau-Levenshtein distance */
function edits(a: string, b: string, limit: number): number {
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (above[j - 2] as number) + 1 : limit;
      next.push(Math.min(change, swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    // A swap reaches over one row.
    if (Math.min(...next, ...row) >= limit) return limit;
    [above, row] = [row, next];
  }
  return Math.min(row[b.length] as number, limit);
}

/** One mount of a process's. @see proc_pid_mountinfo(5) */
export interface Mount {
  readonly id: number;
  /** The mount that its folder lies in. */
  readonly parent: number;
  readonly place: string;
  readonly type: string;
}

/** The lines of /proc/PID/mountinfo, in their order. Pure. */
export function mountTable(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [head = '', tail = ''] = line.split(' - ');
    const [id, parent, , , place] = head.split(' ');
    return place === undefined ? [] : [{ id: Number(id), parent: Number(parent), place, type: tail.split(' ')[0] ?? '' }];
  });
}

/** The mount that whoever goes to this place gets to; undefined for a table without a root. Pure. */
export function visible(table: readonly Mount[], place: string): Mount | undefined {
  const folders = place === '/' ? [''] : place.split('/');
  let mount: Mount | undefined;
  for (let count = 1; count <= folders.length; count += 1) {
    const here = folders.slice(0, count).join('/') || '/';
    const roots = table.filter(
      (each) => each.place === here && (here === '/' ? each.parent === each.id : each.parent === mount?.id),
    );
    mount = roots.at(-1) ?? (here === '/' ? table.find((each) => each.place === '/') : mount);
    // Mounts at one place lie on top of each other.
    for (let above = mount; above !== undefined; above = over(table, above)) mount = above;
  }
  return mount;
}

function over(table: readonly Mount[], below: Mount): Mount | undefined {
  return table.findLast(({ id, parent, place }) => parent === below.id && place === below.place && id !== below.id);
}

/** What lies over a mount that is there and cannot be seen; undefined when it is seen, or not there. Pure. */
export function cover(table: readonly Mount[], place: string): Mount | undefined {
  const seen = visible(table, place);
  const there = table.some((mount) => mount.place === place && mount.id !== seen?.id);
  return there && seen?.place !== place ? seen : undefined;
}

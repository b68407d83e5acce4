/** ELOOP comes at 40. */
const mostLinks = 40;

/**
 * The path that a path leads to when all links are followed, but for the last part's unless `last`; without a slash at its beginning.
 * `linkAt` has the target of a link, undefined for what is none. Undefined when they lead in a circle. Pure.
 *
 * @see path_resolution(7)
 */
export function followed(path: string, linkAt: (path: string) => string | undefined, last = true): string | undefined {
  let waiting = path.split('/');
  let done: string[] = [];
  for (let links = 0; waiting.length > 0; ) {
    const [part = '', ...rest] = waiting;
    waiting = rest;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done = done.slice(0, -1);
      continue;
    }
    done = [...done, part];
    const target = rest.length > 0 || last ? linkAt(done.join('/')) : undefined;
    if (target === undefined) continue;
    links += 1;
    if (links > mostLinks) return undefined;
    done = target.startsWith('/') ? [] : done.slice(0, -1);
    waiting = [...target.split('/'), ...waiting];
  }
  return done.join('/');
}

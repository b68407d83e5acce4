import type { Route } from './facts.ts';

const known = new Set([
  ...['family', 'dst', 'dev', 'type', 'gateway', 'via', 'protocol', 'scope', 'prefsrc', 'metric', 'table', 'flags', 'metrics'],
  ...['pref', 'expires'],
]);

/** Whether a route goes with its interface: all but those that the kernel makes of the addresses. */
export function movable(route: Route): boolean {
  const type = route.type ?? 'unicast';
  return route.protocol !== 'kernel' && route.table !== 'local' && type === 'unicast' && route.flags?.includes('cache') !== true;
}

/** What of a route eulab has no words for, so that it could not be moved whole; undefined when all is well. */
export function unmovable(route: Route): string | undefined {
  const key = Object.keys(route).find((name) => !known.has(name));
  if (key !== undefined) return key;
  return (route.metrics ?? []).flatMap(Object.entries).find(([, value]) => typeof value !== 'number')?.[0];
}

/**
 * The words of `ip route replace` for a route by `dev`, with all its attributes.
 *
 * @see ip-route(8)
 */
export function routeArgs(route: Route, dev: string): string[] {
  const words = [route.dst];
  if (route.gateway !== undefined) words.push('via', route.gateway);
  if (route.via !== undefined) words.push('via', route.via.family, route.via.host);
  words.push('dev', dev);
  for (const [word, value] of [
    ['table', route.table],
    ['proto', route.protocol],
    ['scope', route.scope],
    ['src', route.prefsrc],
    ['metric', route.metric],
    ['pref', route.pref === 'medium' ? undefined : route.pref],
    ['expires', route.expires],
  ] as const) {
    if (value !== undefined) words.push(word, String(value));
  }
  for (const [name, value] of (route.metrics ?? []).flatMap(Object.entries)) words.push(name, String(value));
  if (route.flags?.includes('onlink') === true) words.push('onlink');
  return words;
}

/** Whether two are the same route but for interface and lifetime. */
export function sameRoute(one: Route, other: Route): boolean {
  const words = (route: Route) => {
    const { expires: _, ...rest } = route;
    return `${route.family} ${routeArgs(rest, 'dev').join(' ')}`;
  };
  return words(one) === words(other);
}

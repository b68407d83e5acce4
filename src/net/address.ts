import type { Address } from './facts.ts';

/** The first and the last address of a network, as numbers. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The number that an IPv4 address is. */
export function number(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The IPv4 address that a number is. */
export function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** The range of `ADDRESS/PREFIX`; a bare address is one of itself alone. */
export function range(text: string): Range {
  const [address = '', prefix = '32'] = text.split('/');
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(number(address) / size) * size;
  return { first, last: first + size - 1 };
}

/** Whether two networks have an address in common. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [range(one), range(other)];
  return a.first <= b.last && b.first <= a.last;
}

/** The network of `ADDRESS/PREFIX`, as routes and rules name it. */
export function network(text: string): string {
  return `${dotted(range(text).first)}/${text.split('/')[1]}`;
}

/** The addresses for guests: the upper half of the network, without the last one, which is everybody's. */
export function pool(text: string): readonly [string, string] {
  const { first, last } = range(text);
  const own = number(text.split('/')[0] ?? '');
  const middle = first + Math.floor((last - first + 1) / 2);
  return [dotted(middle === own ? middle + 1 : middle), dotted(last - 1 === own ? last - 2 : last - 1)];
}

/** Forever, as the kernel says it. */
const forever = 0xffffffff;

/**
 * The words of `ip addr add` for an address on `dev`, which the kernel takes without asking around first (`nodad`).
 * A label is of the interface that it is named after, and is left behind.
 *
 * @see ip-address(8)
 */
export function addressArgs(address: Address, dev: string): string[] {
  const { family, local, prefixlen, broadcast, scope, label, metric, protocol } = address;
  const words = address.address === undefined ? [`${local}/${prefixlen}`] : [local, 'peer', `${address.address}/${prefixlen}`];
  if (broadcast !== undefined) words.push('broadcast', broadcast);
  if (family === 'inet' && scope !== undefined && scope !== 'global') words.push('scope', scope);
  if (family === 'inet' && label?.startsWith(`${dev}:`)) words.push('label', label);
  if (metric !== undefined) words.push('metric', String(metric));
  if (protocol !== undefined) words.push('proto', protocol);
  words.push('dev', dev);
  const valid = address.valid_life_time ?? forever;
  if (valid !== forever) {
    words.push('valid_lft', String(valid), 'preferred_lft', lifetime(address.preferred_life_time ?? forever));
  }
  if (address.mngtmpaddr === true) words.push('mngtmpaddr');
  if (address.noprefixroute === true) words.push('noprefixroute');
  return words;
}

function lifetime(seconds: number): string {
  return seconds === forever ? 'forever' : String(seconds);
}

/** Whether two are the same address on an interface, whatever their lifetimes. */
export function sameAddress(one: Address, other: Address): boolean {
  return one.local === other.local && one.prefixlen === other.prefixlen && one.address === other.address;
}

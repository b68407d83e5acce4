import type { Fragment } from './fragment.ts';

/** A symbol whose value is not the one that was asked for; values as in a `Fragment`, `got` is `n` when it is absent. */
export interface Lost {
  readonly symbol: string;
  readonly asked: string;
  readonly got: string;
}

/** Every setting of `asked` that the .config `got` does not have, in the order of `asked`. Pure. */
export function lost(asked: Fragment, got: Fragment): Lost[] {
  return [...asked]
    .map(([symbol, value]) => ({ symbol, asked: value, got: got.get(symbol) ?? 'n' }))
    .filter((pair) => !same(pair.asked, pair.got));
}

/** Numbers are compared by value: Kconfig writes 0x10 for a hex symbol that was set to 10, 0X10 or 0x010. */
function same(asked: string, got: string): boolean {
  if (asked === got) return true;
  const [a, b] = [number(asked, got.startsWith('0x')), number(got, false)];
  return a !== undefined && a === b;
}

function number(text: string, hex: boolean): bigint | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return BigInt(text);
  if (hex) return /^[0-9a-fA-F]+$/.test(text) ? BigInt(`0x${text}`) : undefined;
  if (!/^-?\d+$/.test(text)) return undefined;
  return BigInt(text);
}

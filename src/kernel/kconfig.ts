import { type ArchName, architectures } from '../architectures.ts';
import type { Fragment } from './fragment.ts';
import { explain } from './kconfig/explain.ts';
import { readTree } from './kconfig/tree.ts';
import type { Lost } from './requested.ts';

/**
 * For each lost setting, in order, a line that says what was asked, what came out, and why:
 * "CONFIG_SQUASHFS=y was asked and is n: depends on MISC_FILESYSTEMS [=n]".
 *
 * Reads all Kconfig files of the source, half a second's work, and only when something was lost.
 *
 * @throws EulabError when `source` has no Kconfig file.
 */
export async function explainLost(
  source: string,
  lost: readonly Lost[],
  config: Fragment,
  arch: ArchName,
): Promise<{ readonly symbol: string; readonly text: string }[]> {
  if (lost.length === 0) return [];
  const { folder } = architectures[arch];
  const tree = await readTree(source, { ARCH: folder, SRCARCH: folder });
  return lost.map((one) => ({
    symbol: one.symbol,
    text: `CONFIG_${one.symbol}=${one.asked} was asked and is ${one.got}: ${explain(one, tree, config)}`,
  }));
}

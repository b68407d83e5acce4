import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { payloadFolder } from './kept.ts';
import type { CheckedKernel } from './kernel-check.ts';

/** The configuration that a kernel was built with, as far as somebody kept it. */
export interface KernelConfig {
  /** The file it was found in. */
  readonly file: string;
  /** The value of CONFIG_X: "y", "m", a number, a string with its quotes; "n" when it is not set. */
  value(symbol: string): string;
}

/**
 * The configuration of a kernel, from where builds and distributions leave it; undefined when it is not known.
 *
 * A `config` beside the kernel counts when it is for the same version; `config-VERSION` has its name to prove it.
 * The kernel's own, which CONFIG_IKCONFIG puts into it, is known once it was unpacked.
 */
export function kernelConfig({ path, identity, facts: { version } }: CheckedKernel, cache: string): KernelConfig | undefined {
  if (version === undefined) return undefined;
  const folder = dirname(path);
  for (const file of [join(folder, 'config'), join(folder, `config-${version}`), join('/boot', `config-${version}`)]) {
    const text = contentOf(file);
    if (text !== undefined && (file.endsWith(version) || isFor(text, version))) return configOf(text, file);
  }
  const inside = join(payloadFolder(cache, identity), 'config');
  const text = contentOf(inside);
  return text === undefined ? undefined : configOf(text, inside);
}

/** The configuration in a file's text. Pure. */
export function configOf(text: string, file: string): KernelConfig {
  return {
    file,
    value: (symbol) => {
      const at = text.startsWith(`${symbol}=`) ? 0 : text.indexOf(`\n${symbol}=`) + 1;
      if (at === 0 && !text.startsWith(`${symbol}=`)) return 'n';
      return text.slice(at + symbol.length + 1).split('\n', 1)[0] ?? 'n';
    },
  };
}

/** True when a configuration's first lines name this version, or what it was before a suffix was added. */
function isFor(text: string, version: string): boolean {
  const named = /^# Linux\/\S+ (\S+) Kernel Configuration$/m.exec(text.slice(0, 300))?.[1];
  return (
    named !== undefined && (version === named || /^[^0-9.]/.test(version.startsWith(named) ? version.slice(named.length) : '0'))
  );
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

import { EulabError, status } from '../errors.ts';

/**
 * Settings of a kernel: symbol without CONFIG_ -> value as .config has it: `y`, `m`, `n`, a number, or a text in double
 * quotes. A .config is one too; there a symbol that is not set is `n` or absent.
 */
export type Fragment = ReadonlyMap<string, string>;

const assigned = /^CONFIG_([A-Za-z0-9_]+)=(.*)$/;
const unset = /^# CONFIG_([A-Za-z0-9_]+) is not set$/;
const quoted = /^"(?:[^"\\]|\\.)*"$/;
const bare = /^(?:[ymn]|-?\d+|(?:0[xX])?[0-9a-fA-F]+)$/;

/**
 * The settings in a config fragment or a .config; of two for one symbol the later counts. Pure; `file` names it in errors.
 *
 * @throws EulabError (2) with the line that is neither a setting nor a comment.
 * @see Documentation/kbuild/kconfig.rst
 */
export function parse(text: string, file: string): Fragment {
  const settings = new Map<string, string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const off = unset.exec(line)?.[1];
    if (off !== undefined) settings.set(off, 'n');
    if (line === '' || line.startsWith('#')) continue;
    const [, symbol, rest = ''] = assigned.exec(line) ?? [];
    const value = rest.startsWith('"') ? rest : rest.replace(/\s+#.*$/, '');
    if (symbol === undefined || !(quoted.test(value) || bare.test(value))) {
      throw new EulabError(`${file}:${index + 1}: not a setting: ${line}`, {
        hint: 'write CONFIG_X=y, CONFIG_X=123, CONFIG_X="text", or: # CONFIG_X is not set',
        exitCode: status.usage,
      });
    }
    settings.set(symbol, value);
  }
  return settings;
}

/**
 * The setting of one `--set`: `CONFIG_X=y`, or `X=y`. A shell takes quotes away, so any other text gets them back.
 *
 * @throws EulabError (2) when there is no symbol or no `=`, or the value is a yes or no in other words.
 */
export function setting(text: string): readonly [symbol: string, value: string] {
  const [, symbol, value = ''] = /^(?:CONFIG_)?([A-Za-z0-9_]+)=(.*)$/s.exec(text.trim()) ?? [];
  if (symbol === undefined) throw wrong(text, 'is no setting', 'write --set CONFIG_X=y');
  if (/[\n\0]/.test(value)) throw wrong(text, 'has more than one line', 'a value is one line of text');
  if (/^(?:Y|M|N|yes|no|on|off|true|false)$/i.test(value) && !/^[ymn]$/.test(value)) {
    const meant = /^(?:y|on|true)/i.test(value) ? 'y' : value === 'M' ? 'm' : 'n';
    throw wrong(text, `has the value ${value}`, `write --set CONFIG_${symbol}=${meant}; a text needs its quotes: '"${value}"'`);
  }
  if (/^(?:[ymn]|-?\d+|0[xX][0-9a-fA-F]+)$/.test(value) || quoted.test(value)) return [symbol, value];
  return [symbol, `"${value.replaceAll(/["\\]/g, '\\$&')}"`];
}

/** The settings as a fragment's text, sorted by symbol: the same settings give the same bytes. */
export function render(settings: Fragment): string {
  return [...settings]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([symbol, value]) => (value === 'n' ? `# CONFIG_${symbol} is not set\n` : `CONFIG_${symbol}=${value}\n`))
    .join('');
}

/** All settings together; of two for one symbol that of the later fragment counts. */
export function merge(...fragments: readonly Fragment[]): Fragment {
  return new Map(fragments.flatMap((fragment) => [...fragment]));
}

function wrong(text: string, what: string, hint: string): EulabError {
  return new EulabError(`--set ${text}: ${what}`, { hint, exitCode: status.usage });
}

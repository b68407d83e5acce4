/** A file of apt's sources: its name ends in .list or .sources. */
export interface SourcesFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The source-package side of a host's own apt sources, as the text of a .sources and of a .list file. Pure.
 *
 * Of each enabled entry only its types are changed, to deb-src, so that its keyring and its options stay as the
 * administrator chose them. With `uris`, only the entries with one of them are taken, as not every site has sources.
 *
 * @see sources.list(5)
 */
export function sourcePackages(
  files: readonly SourcesFile[],
  uris: readonly string[] = [],
): { readonly sources: string; readonly list: string } {
  const wanted = new Set(uris.map(plain));
  const serves = (text: string) => wanted.size === 0 || text.split(/\s+/).some((word) => wanted.has(plain(word)));
  const of = (suffix: string) => files.filter(({ name }) => name.endsWith(suffix));
  const stanzas = of('.sources').flatMap(({ text }) =>
    text.split(/\n[ \t]*(?:\n[ \t]*)+/).flatMap((stanza) => deb822(stanza, serves)),
  );
  const lines = of('.list').flatMap(({ text }) => text.split('\n').flatMap((line) => oneLine(line, serves)));
  return { sources: stanzas.join('\n'), list: [...new Set(lines)].join('') };
}

/**
 * The sites that `apt-cache madison` names for a package, and its newest version. Pure.
 *
 * @see apt-cache(8)
 */
export function madison(text: string): { readonly version: string | undefined; readonly uris: string[] } {
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const uris = rows.flatMap(([, , site]) => (site === undefined ? [] : (site.split(' ')[0] ?? [])));
  return { version: rows[0]?.[1], uris: [...new Set(uris)] };
}

function deb822(stanza: string, serves: (text: string) => boolean): string[] {
  const lines = stanza.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
  const field = (name: string) => {
    const begin = lines.findIndex((line) => line.toLowerCase().startsWith(`${name}:`));
    if (begin === -1) return undefined;
    const rest = lines.slice(begin + 1);
    const end = rest.findIndex((line) => !/^[ \t]/.test(line));
    return [lines[begin]?.slice(name.length + 1), ...rest.slice(0, end === -1 ? undefined : end)].join(' ').trim();
  };
  if (field('types') === undefined || /^(no|false|0|off|without|disable)$/i.test(field('enabled') ?? '')) return [];
  if (!serves(field('uris') ?? '')) return [];
  return [`${lines.map((line) => (/^types:/i.test(line) ? 'Types: deb-src' : line)).join('\n')}\n`];
}

function oneLine(line: string, serves: (text: string) => boolean): string[] {
  const [, rest] = /^\s*deb(?:-src)?\s+(.*?)\s*(?:#.*)?$/.exec(line) ?? [];
  return rest === undefined || !serves(rest) ? [] : [`deb-src ${rest}\n`];
}

function plain(uri: string): string {
  return uri.replace(/\/+$/, '');
}

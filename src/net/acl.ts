/** A file of rules as it was found: its text, or why there is none. */
export type AclFile = { readonly text: string } | { readonly error: 'ENOENT' | 'EACCES' | string };

/** What the rules say of a bridge. `file` is where it stands, or would have to. */
export type Verdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'missing' | 'unreadable'; readonly file: string }
  | { readonly kind: 'syntax'; readonly file: string; readonly line: number; readonly text: string }
  | { readonly kind: 'denied'; readonly file: string; readonly rule: string }
  | {
      readonly kind: 'unmentioned';
      readonly file: string;
      /** Files that it names and that could not be read, which count as empty. */
      readonly lost: readonly { readonly file: string; readonly error: string }[];
    };

/** One rule, and the file that it stands in. */
interface Rule {
  readonly verb: 'allow' | 'deny';
  readonly bridge: string;
  readonly file: string;
}

/**
 * What qemu-bridge-helper will make of its rules for a bridge. Pure: `read` looks into a file.
 *
 * As the program reads them: one rule of `deny` outweighs all of `allow`, wherever it stands; a file that is included and cannot be
 * read, or has a mistake, counts as far as it goes; a mistake in the first one is the end.
 */
export function verdict(file: string, bridge: string, read: (file: string) => AclFile): Verdict {
  const rules: Rule[] = [];
  const lost: { file: string; error: string }[] = [];
  const fault = collect(file, read, { rules, lost, depth: 0 });
  if (fault !== undefined) return fault;
  const about = rules.filter((rule) => rule.bridge === bridge || rule.bridge === 'all');
  const denial = about.find(({ verb }) => verb === 'deny');
  if (denial !== undefined) return { kind: 'denied', file: denial.file, rule: `deny ${denial.bridge}` };
  return about.length > 0 ? { kind: 'allowed' } : { kind: 'unmentioned', file, lost };
}

interface Found {
  readonly rules: Rule[];
  readonly lost: { file: string; error: string }[];
  readonly depth: number;
}

/** A file that includes itself has the program read for ever; nobody means more than this. */
const deepest = 16;

function collect(file: string, read: (file: string) => AclFile, found: Found): Verdict | undefined {
  const seen = read(file);
  if ('error' in seen) {
    if (found.depth > 0) found.lost.push({ file, error: seen.error });
    return { kind: seen.error === 'ENOENT' ? 'missing' : 'unreadable', file };
  }
  for (const [index, whole] of seen.text.split('\n').entries()) {
    const text = whole.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [, verb, value] = /^(\S+)\s+(.*)$/.exec(text) ?? [];
    if (verb === 'include' && value !== undefined) {
      if (found.depth < deepest) collect(value, read, { ...found, depth: found.depth + 1 });
    } else if ((verb === 'allow' || verb === 'deny') && value !== undefined) found.rules.push({ verb, bridge: value, file });
    else return { kind: 'syntax', file, line: index + 1, text };
  }
  return undefined;
}

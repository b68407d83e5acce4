import { EulabError, status } from '../../errors.ts';
import { fields } from '../../fields.ts';

/** Something of the host's that is to be in the guest. */
export interface Addition {
  /** As the user wrote it, for the errors. */
  readonly said: string;
  /** On the host: a path or a pattern. */
  readonly from: string;
  /** In the guest, absolute; undefined for the host's own path. A slash at its end: a folder to put it into. */
  readonly to: string | undefined;
}

const form = 'write --add SRC[:DST], and a colon in a name as \\:';

/** What the guest mounts over: nobody would see what is put there. */
const hidden = /^\/(dev|proc|sys)(\/|$)/;

/**
 * The addition that `SRC[:DST]` describes. Pure.
 *
 * @throws EulabError (2) for another form, and for a place where the guest cannot have it.
 */
export function addition(text: string): Addition {
  const [from = '', to, ...more] = fields(text);
  const said = `--add ${text}`;
  if (from === '' || more.length > 0 || to === '') throw refusedAddition(said, 'is not SRC[:DST]', form);
  if (to !== undefined) checkPlace(said, to);
  return { said, from, to: to?.replaceAll(/\/+/g, '/') };
}

/** Refuses a place in the guest that is not absolute, leads elsewhere, or lies where the guest mounts something. */
export function checkPlace(said: string, place: string): void {
  if (!place.startsWith('/')) throw refusedAddition(said, `the place in the guest, ${place}, is not absolute`, form);
  if (place.split('/').some((part) => part === '..' || part === '.')) {
    throw refusedAddition(said, `the place in the guest, ${place}, has . or .. in it`, form);
  }
  if (hidden.test(place.replaceAll(/\/+/g, '/'))) {
    throw refusedAddition(said, `${place} would not be seen: the guest mounts something there`, 'name another place: SRC:DST');
  }
}

export function refusedAddition(said: string, what: string, hint: string): EulabError {
  return new EulabError(`${said}: ${what}`, { hint, exitCode: status.usage });
}

/** True when a name has characters that a pattern has. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * One part of a pattern, between its slashes, as an expression: `*`, `?`, `[a-z]` and `[!a-z]`, as glob(7) has them. A dot at
 * the beginning of a name must be named. Pure.
 */
export function patternOf(part: string): RegExp {
  const source = Array.from(part.matchAll(/\[(!?)([^\]]+)\]|[\s\S]/g), ([token, not, members]) => {
    if (members !== undefined) return `[${not === '' ? '' : '^'}${members.replaceAll(/[\\^[]/g, '\\$&')}]`;
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    return token.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }).join('');
  return new RegExp(`^${/^[*?[]/.test(part) ? '(?!\\.)' : ''}${source}$`, 's');
}

import { realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { EulabError, status } from '../errors.ts';
import { fields } from '../fields.ts';

/** The folders that a client's paths may lead into. */
export interface Confinement {
  /** Where relative paths begin. */
  readonly root: string;
  /** With the root, and as the kernel resolves them. */
  readonly allowed: readonly string[];
}

/** The workspace, and what else the user allows. @throws EulabError (2) for a folder that is not there. */
export function confinement(root: string, more: readonly string[]): Confinement {
  const allowed = [root, ...more].map((folder) => {
    try {
      return realpathSync(folder);
    } catch {
      throw new EulabError(`--allow ${folder}: there is no such folder`, { exitCode: status.usage });
    }
  });
  return { root, allowed };
}

/**
 * A path of the client's, absolute, symbolic links followed: nothing outside of what is allowed is handed to a guest, whose command the
 * client chooses. Its last part may be a pattern.
 *
 * @throws EulabError (2) for one that leads elsewhere, or to nothing.
 */
export function confined(path: string, { root, allowed }: Confinement): string {
  const whole = resolve(root, path);
  const pattern = /[*?[]/.exec(path)?.index;
  const refuse = (what: string, hint: string) => new EulabError(`${path}: ${what}`, { hint, exitCode: status.usage });
  if (pattern !== undefined && path.slice(pattern).split('/').includes('..')) {
    throw refuse('there is .. behind a pattern', 'write it without');
  }
  const fixed = pattern === undefined ? whole : dirname(resolve(root, `${path.slice(0, pattern)}x`));
  const real = realOf(fixed);
  if (real === undefined) throw refuse('there is no such file or folder', `paths begin at ${root}`);
  if (!allowed.some((folder) => within(folder, real))) {
    throw refuse(
      'lies outside of the workspace',
      `copy it to ${root}, or start the server with: eulab mcp --allow ${dirname(real)}`,
    );
  }
  return pattern === undefined ? real : join(real, relative(fixed, whole));
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function within(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** `SRC[:DST]`, with a path of the client's; a colon in a path is written as \:. @throws EulabError (2) as `confined`. */
export function addition(text: string, place: Confinement): string {
  const [from = '', ...to] = fields(text);
  return [confined(from, place), ...to].map((part) => part.replaceAll(/[\\:]/g, '\\$&')).join(':');
}

/** A name as it is; a path of the client's where there is a slash. @throws EulabError (2) as `confined`. */
export function nameOrPath(text: string, place: Confinement): string {
  return text.includes('/') ? confined(text, place) : text;
}

/** A source of code: a version or a word as it is, git over https, or a path of the client's. @throws EulabError (2) as `confined`. */
export function sourceOf(text: string, place: Confinement): string {
  const known = /^(auto|debian|latest-[a-z]+|\d[\w.-]*|git\+https:\/\/\S+)$/;
  return known.test(text) ? text : confined(text, place);
}

import { type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EulabError, status } from '../errors.ts';

/** A file of settings that is there. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  readonly level: 'user' | 'project';
}

export const projectFile = 'eulab.toml';

/**
 * The files of settings for a folder, in rising order: the user's, then the project's, which is looked for in the folder and in all
 * above it. `asked` is another file instead of the project's, or `none`: then there is no file at all.
 *
 * @throws EulabError (2) when the file that was asked for is not there, and for one that belongs to another user.
 * @see XDG Base Directory Specification
 */
export function findFiles(folder: string, asked: string | undefined, env: NodeJS.ProcessEnv): ConfigFile[] {
  if (asked === 'none') return [];
  const user = join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'eulab/config.toml');
  const project = asked === undefined ? upwards(resolve(folder), env) : resolve(asked);
  if (asked !== undefined && look(resolve(asked)) === undefined) {
    throw new EulabError(`no such file of settings: ${asked}`, {
      hint: 'name another with --config or EULAB_CONFIG, or none',
      exitCode: status.usage,
    });
  }
  return [
    ...(look(user) === undefined ? [] : [{ path: user, level: 'user' } as const]),
    ...(project === undefined ? [] : [{ path: project, level: 'project' } as const]),
  ];
}

/** The folder of the project that a file of settings says there is, unless another file was asked for. */
export function projectFolder(files: readonly ConfigFile[], asked: string | undefined): string | undefined {
  const project = asked === undefined ? files.find(({ level }) => level === 'project') : undefined;
  return project === undefined ? undefined : dirname(project.path);
}

/**
 * The nearest eulab.toml. What lies above could be anybody's, as in /tmp, and a file of settings names programs to run; in the
 * folder that one stands in oneself, it is as good as the folder.
 */
function upwards(start: string, env: NodeJS.ProcessEnv): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, projectFile);
    const stats = look(path);
    if (stats?.isFile() && (trusted(stats.uid, env) || (folder === start && look(folder)?.uid === stats.uid))) return path;
    if (stats?.isFile()) {
      throw new EulabError(`${path} belongs to another user (${stats.uid})`, {
        hint: `if you trust it, say so: --config ${path}; without it: --config none`,
        exitCode: status.usage,
      });
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function trusted(uid: number, env: NodeJS.ProcessEnv): boolean {
  return uid === 0 || uid === process.getuid?.() || String(uid) === env['SUDO_UID'];
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A folder that may not be entered.
    return undefined;
  }
}

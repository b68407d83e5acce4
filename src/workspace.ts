import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EulabError } from './errors.ts';

/** Where things are: outputs in the user's folder, what eulab ships beside its own code, what is kept in the cache. */
export interface Workspace {
  /** The folder the user works in; `artifacts` lies in it. */
  readonly root: string;
  /** Outputs only: bzImage, initramfs.cpio.gz, their manifests. */
  readonly artifacts: string;
  /** Downloads, unpacked sources, object files, ccache, verdicts; may be removed at any time. */
  readonly cache: string;
  /** eulab's own folder, with utils/ and the Dockerfiles; never written to. */
  readonly home: string;
  /** What goes into a guest or a build. */
  readonly utils: string;
}

/**
 * The workspace of a folder; nothing is made.
 *
 * The cache is EULAB_CACHE, else `eulab` in XDG_CACHE_HOME, else in ~/.cache.
 *
 * @throws EulabError (2) when the folder does not exist.
 * @see XDG Base Directory Specification
 */
export function workspace(folder: string, env: NodeJS.ProcessEnv): Workspace {
  const root = resolve(folder);
  if (!existsSync(root)) {
    throw new EulabError(`no such folder: ${root}`, { hint: 'name an existing one with --directory', exitCode: 2 });
  }
  const home = packageRoot();
  const cacheHome = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return {
    root,
    artifacts: join(root, 'artifacts'),
    cache: env['EULAB_CACHE'] ? resolve(env['EULAB_CACHE']) : join(cacheHome, 'eulab'),
    home,
    utils: join(home, 'utils'),
  };
}

/** The folder that holds eulab's package.json: one above dist/ when bundled, one above src/ when developed. */
function packageRoot(): string {
  return dirname(dirname(fileURLToPath(import.meta.url)));
}

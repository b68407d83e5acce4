import { readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { quote } from '../command.ts';
import { locate } from '../exec.ts';
import { isRoot } from '../net/probe.ts';
import type { Asker } from './finding.ts';

/** The name of the user who asks; the number where there is none, as in some containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}

/** Who asks, and what there is to install programs with. */
export function askerOf(env: NodeJS.ProcessEnv): Asker {
  const apt = locate('apt-get', env) === undefined ? 'none' : hasLists() ? 'ready' : 'without lists';
  return { user: quote(userName()), root: isRoot(), apt };
}

function hasLists(): boolean {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.\w+)?$/.test(name));
  } catch {
    return false;
  }
}

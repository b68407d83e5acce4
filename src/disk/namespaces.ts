import { readFileSync } from 'node:fs';
import { EulabError, status } from '../errors.ts';
import { probe } from '../exec.ts';

/** Settings of the kernel by which user namespaces are forbidden: the value that does it, and one that does not. */
const switches = [
  ['user/max_user_namespaces', '0', '15000'],
  ['kernel/unprivileged_userns_clone', '0', '1'],
  ['kernel/apparmor_restrict_unprivileged_userns', '1', '0'],
] as const;

/**
 * Makes a user namespace in which this user is root, as the call that fills a disk does.
 *
 * @throws EulabError (3) when there is none to be had, with the command that mends it where a setting of the kernel forbids it.
 * @see user_namespaces(7)
 */
export async function checkNamespaces(signal: AbortSignal): Promise<void> {
  const { code, stderr } = await probe({ file: 'unshare', args: ['--map-root-user', 'true'] }, { signal, timeoutMs: 5000 });
  if (code === 0) return;
  const found = switches.find(([path, off]) => setting(path) === off);
  const remedy = found === undefined ? undefined : `sudo sysctl -w ${found[0].replaceAll('/', '.')}=${found[2]}`;
  throw new EulabError(`user namespaces are not to be had: ${stderr.trim().split('\n')[0] || `unshare ended with ${code}`}`, {
    hint: remedy ?? 'a container, a sandbox or a security module of this host forbids them',
    remedy,
    check: 'namespaces',
    exitCode: status.notReady,
  });
}

function setting(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

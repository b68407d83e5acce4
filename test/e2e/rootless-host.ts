import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, root } from '../eulab.ts';

/** A host of its own for an ordinary user: files of the machine that tests change are copies, seen in there alone. */
export interface RootlessHost extends Disposable {
  readonly path: string;
  /** The call, by `ip`, of a shell line of root's and then of eulab as the user, who is in no group. `become` goes before it. */
  argv(line: string, args: readonly string[], become?: readonly string[]): string[];
  /** The same of root's shell line alone. */
  root(line: string): string;
  readonly env: Record<string, string>;
  readonly namespace: string;
}

let made = 0;

/** Where QEMU's helper is here. */
export const helper = '/usr/lib/qemu/qemu-bridge-helper';

/** The user, as setpriv(1) has it. */
export const uid = '65534';

/** Changes of these files last as long as the host, and are nobody else's. */
const mounts = `
mount --bind "$HERE/etc" /etc
mount --bind "$HERE/qemu-bridge-helper" ${helper}
mount --bind "$HERE/tun" /dev/net/tun
`;

/**
 * A network namespace, and in each call a mount namespace with a private /etc, bridge helper and /dev/net/tun. The helper has no
 * rights, nobody any rules, and /dev/net/tun is for all, as distributions have it.
 * Without `boots` its kernel is an empty file.
 */
export function rootlessHost({ boots = false }: { readonly boots?: boolean } = {}): RootlessHost {
  const here = folder();
  const namespace = `eulab-${process.pid}-rootless${made++}`;
  const run = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' }).toString();
  run('netns', 'add', namespace);
  for (const file of ['dist', 'package.json', ...(boots ? ['artifacts/bzImage', 'artifacts/initramfs.cpio.gz'] : [])]) {
    cpSync(join(root, file), join(here.path, file), { recursive: true });
  }
  if (!boots) {
    mkdirSync(join(here.path, 'artifacts'));
    for (const name of ['bzImage', 'initramfs.cpio.gz']) writeFileSync(join(here.path, 'artifacts', name), '');
  }
  mkdirSync(join(here.path, 'runtime'), { mode: 0o700 });
  execFileSync('chown', ['-R', uid, here.path]);
  mkdirSync(join(here.path, 'etc'));
  for (const name of ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache', 'hosts', 'resolv.conf', 'alternatives']) {
    if (existsSync(`/etc/${name}`))
      cpSync(`/etc/${name}`, join(here.path, 'etc', name), { recursive: true, verbatimSymlinks: true });
  }
  execFileSync('cp', [helper, here.path]);
  execFileSync('mknod', ['-m', '666', join(here.path, 'tun'), 'c', '10', '200']);
  if (!existsSync('/dev/net/tun')) throw new Error('no /dev/net/tun to mount on');
  writeFileSync(join(here.path, 'host.sh'), mounts);
  const shell = (line: string) => ['netns', 'exec', namespace, 'unshare', '--mount', 'sh', '-ec', `. "$HERE/host.sh"\n${line}`];
  const env = {
    HERE: here.path,
    XDG_RUNTIME_DIR: join(here.path, 'runtime'),
    EULAB_CACHE: join(here.path, 'cache'),
    HOME: here.path,
  };
  return {
    path: here.path,
    namespace,
    env,
    argv: (line, args, become = []) => {
      const user = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...become];
      const call = [process.execPath, join(here.path, 'dist/eulab.mjs'), '-C', here.path, ...args];
      return [...shell(`${line}\nexec "$0" "$@"`), ...user, ...call];
    },
    root: (line) => execFileSync('ip', shell(line), { stdio: 'pipe', env: { ...process.env, ...env } }).toString(),
    [Symbol.dispose]: () => {
      run('netns', 'delete', namespace);
      here[Symbol.dispose]();
    },
  };
}

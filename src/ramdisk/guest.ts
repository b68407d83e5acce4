import { character, directory, type Entry, symlink } from './entry.ts';

/**
 * What every guest has beside its programs and utils/guest: the first process, the folders that it mounts on, and the two
 * devices that must be there before it can mount anything. The kernel opens /dev/console as its stdin, stdout and stderr. Pure.
 *
 * @see Documentation/admin-guide/devices.txt
 */
export function skeleton(): Entry[] {
  const folders = ['dev', 'etc', 'mnt', 'proc', 'run', 'sys', 'usr', 'usr/share', 'var', 'var/log'].map((path) =>
    directory(path),
  );
  // run-parts, which ifup and ifdown call for each, fails without.
  const hooks = ['', '/if-pre-up.d', '/if-up.d', '/if-down.d', '/if-post-down.d'].map((path) => directory(`etc/network${path}`));
  return [
    ...folders,
    ...hooks,
    symlink('var/run', '../run'),
    symlink('init', 'bin/eulab-agent'),
    directory('root', 0o700),
    directory('tmp', 0o1777),
    character('dev/console', 5, 1),
    character('dev/null', 1, 3, 0o666),
  ];
}

import { character, directory, type Entry, symlink } from './entry.ts';

/**
 * What every guest has beside its programs and utils/guest: the folders that init mounts on, and the two devices that must
 * be there before it can mount anything. The kernel opens /dev/console as init's stdin, stdout and stderr. Pure.
 *
 * @see Documentation/admin-guide/devices.txt
 */
export function skeleton(): Entry[] {
  const folders = ['dev', 'etc', 'mnt', 'proc', 'run', 'sys', 'usr', 'usr/share', 'var', 'var/log'].map((path) =>
    directory(path),
  );
  // Copied into the kernel's /dev by one program: under emulation each program that init starts costs 8 ms.
  const dev = [
    ...['pts', 'shm'].map((name) => directory(`usr/share/dev/${name}`)),
    symlink('usr/share/dev/fd', '/proc/self/fd'),
    ...['stdin', 'stdout', 'stderr'].map((name, descriptor) => symlink(`usr/share/dev/${name}`, `fd/${descriptor}`)),
  ];
  return [
    ...folders,
    ...dev,
    directory('root', 0o700),
    directory('tmp', 0o1777),
    character('dev/console', 5, 1),
    character('dev/null', 1, 3, 0o666),
  ];
}

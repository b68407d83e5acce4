import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * qboot's path when this QEMU brings it: a firmware that starts Linux some 50 ms sooner than SeaBIOS and, unlike it,
 * writes no escape sequences to the serial console. Undefined when it is not there.
 */
export function qboot(qemu: string): string | undefined {
  const folders = [join(dirname(dirname(realpathSync(qemu))), 'share/qemu'), '/usr/share/qemu', '/usr/share/seabios'];
  return folders.map((folder) => join(folder, 'qboot.rom')).find((file) => existsSync(file));
}

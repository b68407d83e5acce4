import { closeSync, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';
import { checkKernel, kernelHeadBytes } from './kernel-image.ts';

/**
 * qboot's path when this QEMU brings it: a firmware that starts Linux some 50 ms sooner than SeaBIOS and, unlike it,
 * writes no escape sequences to the serial console. Undefined when it is not there.
 */
export function qboot(qemu: string): string | undefined {
  const folders = [join(dirname(dirname(realpathSync(qemu))), 'share/qemu'), '/usr/share/qemu', '/usr/share/seabios'];
  return folders.map((folder) => join(folder, 'qboot.rom')).find((file) => existsSync(file));
}

/** Reads the kernel file's beginning and refuses what QEMU could not boot. @throws EulabError as `checkKernel`. */
export function inspectKernel(file: string, option: string): void {
  const { head, bytes } = headOf(file, kernelHeadBytes, option, 'eulab build kernel');
  checkKernel(head, bytes, file);
}

/** The first `count` bytes of a file and its length. @throws EulabError (2) that names the option and how to make the file. */
export function headOf(file: string, count: number, option: string, maker: string): { head: Uint8Array; bytes: number } {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const head = new Uint8Array(count);
      const got = readSync(descriptor, head, 0, count, 0);
      return { head: head.subarray(0, got), bytes: fstatSync(descriptor).size };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!isErrno(error)) throw error;
    const what = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`;
    throw new EulabError(`${file} ${what}`, {
      hint: `make it: ${maker}; or name another with ${option}`,
      exitCode: status.usage,
    });
  }
}

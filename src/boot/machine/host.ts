import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { manifestName, parseManifest } from '../../artifacts/manifest.ts';
import { EulabError, isErrno, status } from '../../errors.ts';
import type { Share } from './share.ts';

/** How much memory programs can have without pushing others out, in bytes. @see proc(5), /proc/meminfo */
export function availableBytes(): number {
  const kib = /^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return kib === undefined ? Number.POSITIVE_INFINITY : Number(kib) * 1024;
}

/** The symbols that are y or m in the config beside a kernel, when the manifest there says that one build made both. */
export function configBeside(kernel: string): ReadonlySet<string> | undefined {
  const folder = dirname(kernel);
  try {
    const name = join(folder, manifestName('kernel'));
    const { files } = parseManifest(readFileSync(name, 'utf8'), name);
    const same = (path: string) => {
      const record = files.find((file) => file.path === path);
      if (record === undefined) return false;
      const { size, mtimeMs } = statSync(join(folder, path));
      return size === record.bytes && Math.abs(mtimeMs - record.mtimeMs) < 1;
    };
    if (!same(basename(kernel)) || !same('config')) return undefined;
    const text = readFileSync(join(folder, 'config'), 'utf8');
    return new Set(Array.from(text.matchAll(/^(CONFIG_\w+)=[ym]$/gm), ([, symbol = '']) => symbol));
  } catch {
    // A kernel without a manifest, or with another's: nothing is known of it.
    return undefined;
  }
}

/** Refuses a share whose folder is not one that we may read. @throws EulabError (2) */
export function checkShare({ host, writable }: Share): void {
  const refuse = (what: string, hint: string) => new EulabError(`--share ${host}: ${what}`, { hint, exitCode: status.usage });
  try {
    if (!statSync(host).isDirectory()) throw refuse('is not a folder', 'share the folder that it is in');
    accessSync(host, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (!isErrno(error)) throw error;
    const what = error.code === 'ENOENT' ? 'there is no such folder' : `you may not read it (${error.code})`;
    throw refuse(what, 'name another folder');
  }
  try {
    if (writable) accessSync(host, constants.W_OK);
  } catch {
    throw refuse('you may not write there', `share it for reading: --share ${host}:ro`);
  }
}

/** Refuses a vsock device on a host that has none for us. @throws EulabError (3) */
export function checkVsock(device = '/dev/vhost-vsock'): void {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch (error) {
    const absent = isErrno(error) && error.code === 'ENOENT';
    throw new EulabError(`--vsock: ${absent ? `this host has no ${device}` : `no permission for ${device}`}`, {
      hint: absent ? 'load its driver: sudo modprobe vhost_vsock' : 'get it: sudo usermod -aG kvm "$USER", then log in again',
      remedy: absent ? 'sudo modprobe vhost_vsock' : 'sudo usermod -aG kvm "$USER"',
      check: 'vsock',
      exitCode: status.notReady,
    });
  }
}

/** The absolute form of a path in the folder that we were started in. */
export function absolute(path: string): string {
  return resolve(path);
}

/** What is known of this boot of the host with this QEMU has this name. */
export function thisHost(qemu: string): string {
  const { size, mtimeMs } = statSync(qemu);
  return [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), qemu, size, mtimeMs].join(' ');
}

import { readFileSync } from 'node:fs';
import { tryEmulation, tryKvm } from '../boot/machine/accel.ts';
import { availableBytes } from '../boot/machine/host.ts';
import { checkVersion } from '../boot/machine/limits.ts';
import { qemuFacts } from '../boot/machine/qemu-facts.ts';
import { runtimeFolder } from '../boot/running/running.ts';
import { EulabError } from '../errors.ts';
import { locate, missing } from '../exec.ts';
import type { Examination, Host } from './host.ts';
import { userName } from './user.ts';

const mebibyte = 1024 * 1024;

/** What `eulab boot` needs. */
export const bootChecks: readonly Examination[] = [
  {
    name: 'kvm',
    group: 'boot',
    costs: 'guests are emulated, which takes several times as long',
    bad: 'warning',
    alone: true,
    look: async ({ qemu, env, workspace, signal }) => {
      const path = locate(qemu, env);
      if (path === undefined) return { found: `not tried: there is no ${qemu}`, hint: 'see the line of qemu' };
      if (process.arch !== 'x64') return 'not tried: the guest that proves it is one for x86-64';
      try {
        await tryKvm({ qemu: path, cache: workspace.cache, signal });
      } catch (error) {
        throw told(error);
      }
      return 'a guest runs under it';
    },
  },
  {
    name: 'qemu',
    group: 'boot',
    costs: 'nothing can be booted',
    bad: 'failure',
    alone: true,
    look: async (host) => {
      const { path, version } = await qemuOf(host);
      try {
        checkVersion(host.qemu, version);
      } catch (error) {
        const newer = await newerThan(path, host);
        if (!(error instanceof EulabError)) throw error;
        const remedy = newer === undefined ? 'sudo apt-get install -y qemu-system-x86' : `export EULAB_QEMU=${newer}`;
        return { found: error.message, remedy };
      }
      if (host.qemu.includes('x86_64') || process.arch === 'x64') await tryEmulation({ qemu: path, signal: host.signal });
      return `version ${version.join('.')}, a guest runs in it`;
    },
  },
  {
    name: 'memory',
    group: 'boot',
    costs: 'a guest of the usual 512 MiB would push other programs out',
    bad: 'warning',
    look: async () => {
      const bytes = availableBytes();
      const found = `${Math.floor(bytes / mebibyte)} MiB are available`;
      return bytes >= 512 * mebibyte ? found : { found, hint: 'end other programs, or boot with less: --memory 128M' };
    },
  },
  {
    name: 'runtime',
    group: 'boot',
    costs: 'nothing can be booted: the sockets of machines have no place',
    bad: 'failure',
    look: async ({ env }) => `the sockets of machines are in ${runtimeFolder(env)}`,
  },
];

/** QEMU's path and version. @throws EulabError (3) when there is none that answers. */
export async function qemuOf({ qemu, env, workspace, signal }: Host) {
  const path = locate(qemu, env);
  if (path === undefined) throw missing(qemu);
  return { path, version: await qemuFacts(path, workspace.cache, signal).version() };
}

/** Another QEMU of the same name that is not too old. */
async function newerThan(old: string, { qemu, env, workspace, signal }: Host): Promise<string | undefined> {
  const name = qemu.replace(/.*\//, '');
  const folders = [...(env['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/bin', '/opt/qemu/bin'];
  for (const place of new Set(folders.map((folder) => `${folder}/${name}`))) {
    if (place === old || locate(place) === undefined) continue;
    try {
      checkVersion(place, await qemuFacts(place, workspace.cache, signal).version());
      return place;
    } catch (error) {
      if (!(error instanceof EulabError)) throw error;
    }
  }
  return undefined;
}

/** What can be done about KVM: who is in its group already, and not yet in this session, has nothing to run as root. */
function told(error: unknown): unknown {
  if (!(error instanceof EulabError)) return error;
  if (error.remedy === undefined) {
    const hint = 'eulab emulates by itself; in a virtual machine, the host above has to allow nested virtualization';
    return new EulabError(error.message, { hint, check: 'kvm' });
  }
  if (!error.remedy.includes('usermod')) return error;
  const groups = readFileSync('/etc/group', 'utf8').split('\n');
  const members = groups.find((line) => line.startsWith('kvm:'))?.split(':')[3];
  if (!members?.split(',').includes(userName())) return error;
  return new EulabError('KVM cannot be used: you are in the group kvm, but this session began before', {
    remedy: 'newgrp kvm',
    hint: 'log in again',
    check: 'kvm',
  });
}

import { readFileSync } from 'node:fs';
import { tried } from '../container/probe.ts';
import { type ContainerKind, containerKinds } from '../engine-names.ts';
import { locate } from '../exec.ts';
import { isRoot } from '../net/probe.ts';
import { notInstalled, worksAs } from './finding.ts';
import type { Examination, Host, Lack } from './host.ts';
import { userName } from './user.ts';

/** The container engines, a line each. podman is the one to have: it needs neither a daemon nor root. */
export const engineChecks: readonly Examination[] = containerKinds.map((kind) => ({
  name: kind,
  group: 'build',
  costs:
    kind === 'podman'
      ? "builds take this machine's own tools: other versions of them than everybody else has"
      : `--engine ${kind} cannot build`,
  bad: 'warning',
  alone: true,
  look: (host) => engine(kind, host),
}));

async function engine(kind: ContainerKind, { env, workspace, signal }: Host): Promise<string | Lack> {
  const isThere = programs[kind].some((program) => locate(program, env) !== undefined);
  if (!isThere && kind === 'podman') {
    return { found: notInstalled, remedy: 'sudo apt-get install -y podman uidmap slirp4netns fuse-overlayfs' };
  }
  if (!isThere) return { state: 'ok', found: notInstalled };
  const found = await tried(kind, workspace.cache, signal);
  if (found.works) return `${worksAs}${found.facts}${found.note === undefined ? '' : `; ${found.note}`}`;
  return { found: `it does not work: ${found.why}`, ...(kind === 'podman' ? subordinate() : {}) };
}

const programs: Readonly<Record<ContainerKind, readonly string[]>> = {
  podman: ['podman'],
  docker: ['docker'],
  buildah: ['buildah'],
  compose: ['docker-compose', 'podman-compose'],
};

/** Without numbers of users for its containers, podman of an ordinary user runs none. @see subuid(5) */
function subordinate(): Pick<Lack, 'remedy' | 'hint'> {
  if (isRoot()) return {};
  const names = [userName(), String(process.getuid?.())];
  const has = (file: string) => text(file).some((line) => names.some((name) => line.startsWith(`${name}:`)));
  if (has('/etc/subuid') && has('/etc/subgid')) return {};
  return {
    remedy: 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
    hint: 'then: podman system migrate',
  };
}

function text(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

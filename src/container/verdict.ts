import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { digest } from '../digest.ts';
import type { ContainerKind } from '../engine-names.ts';
import { locate } from '../exec.ts';
import { known } from '../known.ts';
import { type Found, tried } from './probe.ts';
import { isElsewhere } from './way.ts';

/** An engine as it was found; `doubt` has it be tried anew the next time. */
export type Verdict = Found & { readonly doubt?: () => void };

/** Grows with the form of what is kept. */
const schema = 1;

/**
 * Whether an engine works, and how, by trying it; podman and buildah, which have no daemon that may be down, once for each start of
 * the host and each change of theirs. `cache` is where that is kept, and where builds work.
 */
export async function verdict(kind: ContainerKind, cache: string, signal: AbortSignal): Promise<Verdict> {
  const identity = kind === 'podman' || kind === 'buildah' ? identityOf(kind, cache) : undefined;
  if (identity === undefined) return await tried(kind, cache, signal);
  const verdicts = known<Found>(cache, 'engines', schema);
  const doubt = () => verdicts.forget(identity);
  const kept = verdicts.recall(identity);
  if (kept !== undefined) return { ...kept, doubt };
  const found = await tried(kind, cache, signal);
  if (!found.works || isElsewhere(found.way)) return found;
  verdicts.remember(identity, found);
  return { ...found, doubt };
}

/** All that decides how an engine without a daemon works; undefined when it is not installed, or the client of a service. */
function identityOf(kind: 'podman' | 'buildah', cache: string): string | undefined {
  const program = locate(kind);
  if (program === undefined || (kind === 'podman' && isClient())) return undefined;
  const folders = ['/usr/share/containers', '/etc/containers', join(homedir(), '.config/containers')];
  const files = folders.flatMap((folder) => ['containers.conf', 'storage.conf'].map((name) => join(folder, name)));
  const programs = [program, ...['crun', 'runc', 'fuse-overlayfs'].map((name) => locate(name) ?? '')];
  const marks = [...programs, ...files, ...['CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF'].map((name) => process.env[name] ?? '')];
  const env = Object.entries(process.env).filter(([name]) => /^(CONTAINERS_|BUILDAH_|STORAGE_|XDG_RUNTIME_DIR$)/.test(name));
  return digest(JSON.stringify([kind, cache, boot(), process.getuid?.(), marks.map(markOf), env.sort()]));
}

function isClient(): boolean {
  return ['CONTAINER_HOST', 'CONTAINER_CONNECTION'].some((name) => (process.env[name] ?? '') !== '');
}

function boot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function markOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? path : `${path} ${found.size} ${found.mtimeMs}`;
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { folder, program, startedProgram } from './eulab.ts';

/** A daemon of our own. */
export interface Docker extends AsyncDisposable {
  /** For whoever is to use it: its socket, and the docker command of the same version. */
  readonly env: { readonly DOCKER_HOST: string; readonly PATH: string };
}

/** Kept between runs: the programs, and the images that the daemon was given. */
const kept = join(process.env['EULAB_TEST_CACHE'] ?? join(homedir(), '.cache/eulab-test'), 'docker');

/** The folders and mounts of the daemon's own: what it writes to /run and /etc is seen by it alone; what is in $HIDDEN is not seen. */
const within = `
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
[ -z "$HIDDEN" ] || mount -t tmpfs tmpfs "$HIDDEN"
exec "$@"
`;

/**
 * A dockerd on a socket and a data root of its own, in a network and a mount namespace of its own: it cannot touch the machine's
 * interfaces, firewall or files. One at a time; it has the toolchain's base image of podman's. Disposing it ends it by its pid.
 * A hidden folder is an empty one for it, as on another machine.
 */
export async function docker({ hidden = '' }: { readonly hidden?: string } = {}): Promise<Docker> {
  const programs = dockerPrograms();
  const here = folder();
  const cgroup = `eulab-test-${process.pid}`;
  const env = {
    DOCKER_HOST: `unix://${join(here.path, 'docker.sock')}`,
    PATH: `${join(programs, 'usr/bin')}:${join(programs, 'usr/sbin')}:${process.env['PATH']}`,
  };
  const [data, log] = [join(kept, 'data'), join(here.path, 'log')];
  const quiet = ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--bridge=none'];
  const call = `exec dockerd ${quiet.join(' ')} --storage-driver overlay2 --data-root "${data}" --exec-root /run/docker --pidfile /run/docker.pid --cgroup-parent "/${cgroup}" --host "$DOCKER_HOST" >"${log}" 2>&1`;
  const isolated = ['--no-fork', join(kept, 'lock'), 'unshare', '--net', '--mount', 'sh', '-ec', within, 'sh', 'sh', '-c', call];
  const daemon = startedProgram('flock', isolated, { env: { ...env, HIDDEN: hidden } });
  const ended = new Promise((settle) => daemon.once('exit', settle));
  const over = async () => {
    daemon.kill('SIGTERM');
    await ended;
    for (const name of readdirSync('/sys/fs/cgroup')) {
      const group = join('/sys/fs/cgroup', name, cgroup);
      if (existsSync(group)) execFileSync('find', [group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
    }
    here[Symbol.dispose]();
  };
  // Another run may have the lock: its tests take a minute or two.
  const limitMs = performance.now() + 600_000;
  while ((await program('docker', ['version'], { env })).status !== 0) {
    if (daemon.exitCode === null && performance.now() < limitMs) continue;
    const said = existsSync(log) ? readFileSync(log, 'utf8') : '';
    await over();
    throw new Error(`dockerd did not come up:\n${said}`);
  }
  await given(env);
  return { env, [Symbol.asyncDispose]: over };
}

/** Debian's docker, unpacked and not installed: an installation would start a daemon that sets the firewall up. */
export function dockerPrograms(): string {
  const place = join(kept, 'root');
  if (existsSync(place)) return place;
  const half = join(kept, `half-${process.pid}`);
  mkdirSync(half, { recursive: true });
  const run = (file: string, args: readonly string[]) => execFileSync(file, args, { cwd: half, stdio: 'pipe' });
  run('apt-get', ['-o', 'APT::Sandbox::User=', 'download', 'docker.io', 'containerd', 'runc', 'tini']);
  for (const name of readdirSync(half)) run('dpkg-deb', ['--extract', name, 'root']);
  renameSync(join(half, 'root'), place);
  rmSync(half, { recursive: true });
  return place;
}

/** The base image of podman's, unless the daemon has this very one. */
async function given(env: Docker['env']): Promise<void> {
  const image = 'localhost/eulab-base:bookworm';
  const id = (await program('podman', ['image', 'inspect', '--format', '{{.Id}}', image])).stdout.toString().trim();
  const mark = join(kept, 'image');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === id) return;
  const { status, stderr } = await program('sh', ['-ec', `podman save --format docker-archive ${image} | docker load`], { env });
  if (status !== 0) throw new Error(stderr);
  writeFileSync(mark, id);
}

import type { Command } from '../command.ts';
import { CommandError } from '../errors.ts';
import { locate, missing, start } from '../exec.ts';
import { mountsOf } from './call.ts';
import { copies } from './elsewhere.ts';
import { containedRun, type Image, type Job, type Mounted, onHost } from './engine.ts';
import type { Engine } from './select.ts';
import { temporary } from './temporary.ts';
import { userOf } from './trial.ts';
import { type BuilderWay, storeOf } from './way.ts';

/**
 * Runs a job on the user's terminal, which is its stdin, stdout and stderr. The keys of the terminal are the job's, ctrl-C too.
 *
 * @throws CommandError when it fails; the signal's reason when that ended it.
 */
export async function onTerminal(engine: Engine, job: Job, home: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (engine.kind === 'host') return await attached(onHost(job, home), job, signal);
  const { image, elsewhere } = engine;
  await using place = await temporary(image.way);
  await using lent = elsewhere === undefined ? undefined : await copies(image, job, elsewhere, signal);
  const mounts = lent?.mounts ?? mountsOf(job, image);
  const facts = { idFile: place.idFile, user: userOf(image.way), mounts, term: process.env['TERM'] ?? 'linux' };
  const command = terminalCommand(image, job, facts);
  const { kind } = storeOf(image.way);
  if (kind === 'podman' && command.file === 'sh' && locate('buildah') === undefined) throw missing('buildah');
  await attached(command, job, signal);
  await lent?.back();
}

async function attached(command: Command, job: Job, signal: AbortSignal): Promise<void> {
  const child = await start(command, ['inherit', 'inherit', 'inherit']);
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const [code, ended] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (code, by) => resolve([code, by]));
  });
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (code === 0) return;
  const how = ended === null ? `ended with status ${code}` : `was ended by ${ended}`;
  throw new CommandError(how, { shown: job.script, code: code ?? undefined, stderr: '' });
}

/** The call for a job in a container that has the terminal. Pure. */
export function terminalCommand(
  { way, name, context }: Image,
  job: Job,
  facts: {
    readonly idFile: string;
    readonly user: string | undefined;
    readonly mounts: readonly Mounted[];
    readonly term: string;
  },
): Command {
  const { idFile, user, mounts, term } = facts;
  const store = storeOf(way);
  const env = { ...job.env, TERM: term };
  const script = `${context}/${job.script}`;
  const command = ['sh', script];
  if (store.kind === 'docker' || store.elsewhere === true) {
    const { file, args } = containedRun(store, { image: name, command, mounts, env, user, idFile });
    return { file, args: [args[0] ?? 'run', '--tty', ...args.slice(1)] };
  }
  const flags = [
    ...mounts.flatMap(({ path, writable }) => ['--volume', `${path}:${path}:${writable ? 'rw' : 'ro'}`]),
    ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
  ];
  if (store.kind === 'buildah' || store.isolation === 'chroot') return withBuildah(store, name, flags, script);
  const own = ['--rm', '--interactive', '--tty', '--pull=never', '--network', 'none', '--security-opt', 'label=disable'];
  return { file: 'podman', args: ['run', ...own, ...flags, name, ...command] };
}

/**
 * Where podman's runtime does not work, it has no `run`; buildah, which shares its images, has one in a chroot. The shell outlives
 * eulab, and removes the container whatever ends it.
 *
 * @see buildah-run(1)
 */
function withBuildah({ isolation }: BuilderWay, image: string, flags: readonly string[], script: string): Command {
  const run = ['--isolation', isolation, '--terminal', ...flags];
  return { file: 'sh', args: ['-c', inBuildah, 'sh', image, script, ...run] };
}

// A list in the background has no terminal for its stdin, but by another name.
const inBuildah = `image=$1; script=$2; shift 2
ended=; work=
trap : INT
trap 'ended=1; [ -z "$work" ] || kill "$work"' TERM HUP
container=$(buildah from --pull-never "$image") || exit
trap 'buildah rm "$container" >/dev/null' EXIT
[ -z "$ended" ] || exit 143
exec 3<&0
buildah run "$@" "$container" -- sh "$script" <&3 &
work=$!
while wait "$work"; status=$?; kill -0 "$work" 2>/dev/null; do :; done
exit "$status"`;

import { composeBuild, composeRun } from './compose.ts';
import { saying } from './ending.ts';
import {
  builderBuild,
  type Call,
  containedRun,
  dockerBuild,
  type Image,
  type Job,
  type Mounted,
  type Run,
  type Scratch,
  type Stage,
} from './engine.ts';
import { mountsInBuild, storeOf, type Way } from './way.ts';

/** A stage, built in any of the ways. Pure. */
export function stageBuild(way: Way, stage: Stage, scratch: Scratch): Call {
  if (way.kind === 'compose') return composeBuild(way, stage, scratch);
  return { command: way.kind === 'docker' ? dockerBuild(way, stage) : builderBuild(way, stage), files: {} };
}

/**
 * The job in a container: as a build, where builds see the host's folders, else as a run. Pure.
 *
 * No layers are kept. The image's or the container's id goes to `idFile`, for `removal`.
 *
 * @see podman-build(1), buildah-build(1), docker-run(1)
 */
export function inContainer(
  job: Job,
  image: Image,
  options: {
    readonly scratch: Scratch;
    readonly idFile: string;
    readonly user: string | undefined;
    /** What a run has of the host, where that is not its own folders; and shell that comes first in it. */
    readonly mounts?: readonly Mounted[];
    readonly before?: string;
    readonly target?: string;
    readonly output?: string;
  },
): Call {
  const { way, context } = image;
  const { scratch, idFile, user, target = 'build', output } = options;
  if (mountsInBuild(way)) {
    const stage: Stage = {
      context,
      dockerfile: `${context}/${job.dockerfile}`,
      target,
      args: { BASE_IMAGE: image.name, ...job.env },
      mounts: job.mounts,
      network: 'none',
      layers: false,
      idFile,
      ...(way.kind === 'compose' ? { tag: scratch.name } : {}),
      ...(output === undefined ? {} : { output }),
    };
    return stageBuild(way, stage, scratch);
  }
  const script = ['sh', `${context}/${job.script}`];
  return containerRun(
    way,
    {
      image: image.name,
      command: hangsOnInput(way) ? guarded(options.before ?? '', script) : script,
      mounts: options.mounts ?? mountsOf(job, image),
      env: job.env,
      user,
      idFile,
    },
    scratch,
  );
}

/** What a run of the job has of the host: its own folders, and the scripts. Pure. */
export function mountsOf(job: Job, { context }: Pick<Image, 'context'>): Mounted[] {
  const scripts = `${context}/utils`;
  return [...job.mounts.filter(({ path }) => path !== scripts), { path: scripts, writable: false, copy: 'kept' }];
}

/** True for a way whose containers end when their stdin does. Pure. */
export function hangsOnInput(way: Way): boolean {
  return way.kind !== 'compose' && !mountsInBuild(way);
}

/** Where the container has the fifo that a script hangs on: it ends when the container's stdin does. */
export const lifelineInside = '/tmp/eulab-lifeline';

/**
 * The call in a container that ends when its stdin does: by the script that has LIFELINE for it, else at once. Its engine may have
 * lost all who knew of it. Its last line tells its status: podman, asked by docker's client, says of every run that it removes
 * that it ended with 0. `before` is shell that comes first. Pure.
 */
function guarded(before: string, words: readonly string[]): string[] {
  return ['sh', '-c', `${before}${guard}`, 'sh', ...words];
}

// The fifo is open for writing before the script looks at it, and with `cat` alone.
const guard = `exec 3<&0
if [ "\${LIFELINE:-}" = ${lifelineInside} ]; then
mkfifo "$LIFELINE"
exec 4<>"$LIFELINE"
cat <&3 >&4 &
exec 4>&-
else
{ cat <&3 >/dev/null; kill -KILL -1; } &
fi
"$@" </dev/null 3<&-
${saying('$?')}`;

/** A run, where runs are how builds see the host's folders. Pure. */
export function containerRun(way: Way, run: Run, scratch: Scratch): Call {
  if (way.kind === 'compose') return composeRun(way, run, scratch);
  return { command: containedRun(storeOf(way), run), files: {} };
}

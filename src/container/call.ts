import { composeBuild, composeRun } from './compose.ts';
import {
  builderBuild,
  type Call,
  dockerBuild,
  dockerRun,
  type Image,
  type Job,
  type Run,
  type Scratch,
  type Stage,
} from './engine.ts';
import { mountsInBuild, type Way } from './way.ts';

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
    readonly user: string;
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
  const scripts = `${context}/utils`;
  return containerRun(
    way,
    {
      image: image.name,
      command: ['sh', `${context}/${job.script}`],
      mounts: [...job.mounts.filter(({ path }) => path !== scripts), { path: scripts, writable: false }],
      env: job.env,
      user,
      idFile,
    },
    scratch,
  );
}

/** A run, where runs are how builds see the host's folders. Pure. */
export function containerRun(way: Way, run: Run, scratch: Scratch): Call {
  if (way.kind === 'compose') return composeRun(way, run, scratch);
  return { command: dockerRun(run), files: {} };
}

import type { Command } from '../command.ts';
import { type BuilderWay, type DockerWay, mountsInBuild, storeOf, type Way } from './way.ts';

/** A folder of the host that a build sees at the same path. */
export interface Mount {
  readonly path: string;
  readonly writable: boolean;
  /**
   * What an engine elsewhere does with its copy: `kept` for the next job; `stays`, kept and neither sent nor brought back. Gone with
   * the job unless given.
   */
  readonly copy?: 'kept' | 'stays';
  /** Of a copy that is brought back: what of the folder is sent, by its path there; a regular expression. All of it unless given. */
  readonly sent?: string;
  /** What of a copy nobody needs here: it is not brought back; a regular expression of grep -E. */
  readonly left?: string;
}

/** A folder in a container: the host's own, or a volume's. */
export interface Mounted extends Mount {
  readonly volume?: string;
}

/** One call of a build script in utils/, wherever it runs. */
export interface Job {
  /** The script, under utils/; the Dockerfile's build stage runs the same one. */
  readonly script: string;
  readonly dockerfile: string;
  /** What the script reads from its environment; the Dockerfile declares each as an ARG. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
}

/** What a container build needs beyond the job. */
export interface Image {
  readonly name: string;
  readonly way: Way;
  /** The build context, eulab's own folder; .dockerignore keeps it to utils/. */
  readonly context: string;
}

/** One stage of a Dockerfile, to be made an image. */
export interface Stage {
  readonly context: string;
  /** Its absolute path. */
  readonly dockerfile: string;
  readonly target?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
  /** What the image is called. */
  readonly tag?: string;
  /** The file that gets the image's id. */
  readonly idFile?: string;
  /** podman's and buildah's --output. */
  readonly output?: string;
  /** What is fetched while it is built. */
  readonly network: 'host' | 'none';
  /** False for what eulab itself decides when it is to be made again: no engine sees what changed in a mount. */
  readonly layers: boolean;
}

/** A command in a container of an image, with folders of the host at their own paths and no network. */
export interface Run {
  readonly image: string;
  readonly command: readonly string[];
  readonly mounts: readonly Mounted[];
  readonly env: Readonly<Record<string, string>>;
  /** UID:GID, to whom belongs what it makes; the container's root unless given. */
  readonly user: string | undefined;
  /** The file that gets the container's id. */
  readonly idFile: string;
}

/** Where a call may leave files of its own while it runs: compose has one with the services. */
export interface Scratch {
  readonly folder: string;
  /** A name that no other call has at this time. */
  readonly name: string;
}

/** A call, and the files that it reads, by their absolute paths. */
export interface Call {
  readonly command: Command;
  readonly files: Readonly<Record<string, string>>;
}

/** The job on the host's own toolchain. Pure. */
export function onHost(job: Job, home: string): Command {
  return { file: 'sh', args: [`${home}/${job.script}`], env: job.env };
}

/** @see podman-build(1): both have the same options. */
export function builderBuild({ kind, isolation }: BuilderWay, stage: Stage): Command {
  const { context, dockerfile, target, args = {}, mounts = [], tag, idFile, output, network, layers } = stage;
  const words = [
    ['build', '--pull=never', ...(layers ? ['--layers'] : ['--layers=false', '--force-rm'])],
    builderFlags({ isolation, mounts, network }),
    ['--file', dockerfile, ...(target === undefined ? [] : ['--target', target])],
    idFile === undefined ? [] : ['--iidfile', idFile],
    tag === undefined ? [] : ['--tag', tag],
    Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    output === undefined ? [] : ['--output', output],
    [context],
  ];
  return { file: kind, args: words.flat() };
}

/** What podman and buildah are told of a build beyond the stage. A chroot has the host's network, and can have no other. Pure. */
export function builderFlags(how: {
  readonly isolation: BuilderWay['isolation'];
  readonly mounts: readonly Mount[];
  readonly network: Stage['network'];
}): string[] {
  return [
    ...['--isolation', how.isolation],
    ...(how.isolation === 'chroot' ? [] : ['--network', how.network]),
    // Nothing of a mount is relabelled: on SELinux hosts the source may be shared with others.
    ...['--security-opt', 'label=disable'],
    ...how.mounts.flatMap(({ path, writable }) => ['--volume', `${path}:${path}:${writable ? 'rw' : 'ro'}`]),
  ];
}

/** @see docker-build(1) */
export function dockerBuild({ network, builder }: DockerWay, stage: Stage): Command {
  const words = [
    ['build', ...(network === 'host' ? ['--network', 'host'] : []), '--file', stage.dockerfile],
    stage.target === undefined ? [] : ['--target', stage.target],
    stage.idFile === undefined ? [] : ['--iidfile', stage.idFile],
    stage.tag === undefined ? [] : ['--tag', stage.tag],
    Object.entries(stage.args ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    [stage.context],
  ];
  return { file: 'docker', args: words.flat(), ...(builder === 'legacy' ? { env: { DOCKER_BUILDKIT: '0' } } : {}) };
}

/** A run whose files belong to who asks for it; what it prints is in no log of the engine's. @see docker-run(1), podman-run(1) */
export function containedRun({ kind }: BuilderWay | DockerWay, { image, command, mounts, env, user, idFile }: Run): Command {
  const words = [
    ['run', '--rm', '--interactive', ...(kind === 'docker' ? [] : ['--pull=never']), '--log-driver', 'none'],
    ['--cidfile', idFile, ...(user === undefined ? [] : ['--user', user])],
    ['--network', 'none', '--security-opt', 'label=disable'],
    mounts.flatMap((one) => ['--mount', mountOf(one)]),
    Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    [image, ...command],
  ];
  return { file: kind, args: words.flat() };
}

/** A field of a line of CSV may hold a comma when it is quoted. */
function mountOf({ path, writable, volume }: Mounted): string {
  const field = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const type = volume === undefined ? 'bind' : 'volume';
  const fields = [`type=${type}`, field(`source=${volume ?? path}`), field(`target=${path}`), ...(writable ? [] : ['ro'])];
  return fields.join(',');
}

/** The same call, which goes on when nobody reads what it prints any more: there is something to clean up. Pure. */
export function outliving(command: Command): Command {
  return { ...command, file: 'sh', args: ['-c', 'trap "" PIPE; exec "$@"', 'sh', command.file, ...command.args] };
}

/** The removal of what a job has left behind: an image, with containers that are none of ours, or a container. Pure. */
export function removal(way: Way, id: string): Command {
  if (!mountsInBuild(way)) return { file: storeOf(way).kind, args: ['rm', '--force', '--volumes', id] };
  return removeImage(way, id);
}

/** Pure. */
export function removeImage(way: Way, id: string): Command {
  const { kind } = storeOf(way);
  return { file: kind, args: kind === 'buildah' ? ['rmi', '--force', id] : ['image', 'rm', '--force', id] };
}

/** The call that prints the id of an image, and fails when there is none of that name. Pure. */
export function inspectImage(way: Way, name: string): Command {
  const { kind } = storeOf(way);
  if (kind === 'buildah') return { file: kind, args: ['inspect', '--type', 'image', '--format', '{{.FromImageID}}', name] };
  return { file: kind, args: ['image', 'inspect', '--format', '{{.Id}}', name] };
}

/** Pure. */
export function pullImage(way: Way, name: string): Command {
  return { file: storeOf(way).kind, args: ['pull', '--quiet', name] };
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A root file system's import as an image; undefined for buildah, which has none. Pure. @see podman-import(1) */
export function importImage(way: Way, tarball: string, tag: string): Command | undefined {
  const { kind } = storeOf(way);
  if (kind === 'buildah') return undefined;
  const quiet = kind === 'podman' ? ['--quiet'] : [];
  return { file: kind, args: ['import', ...quiet, '--change', `ENV ${path}`, tarball, tag] };
}

/** The same as a Dockerfile, for a context that holds nothing but the tarball. Pure. */
export function importDockerfile(tarball: string): string {
  return `FROM scratch\nADD ${tarball} /\nENV ${path}\n`;
}

/** True for a line of kbuild's, which busybox has as well, that stands for one thing made: "  CC      init/main.o". Pure. */
export function isObject(line: string): boolean {
  return /^\s{2}[A-Z][A-Z0-9_+-]*\s+\S/.test(line);
}

import type { Command } from '../command.ts';

/** A folder of the host that a build sees at the same path. */
export interface Mount {
  readonly path: string;
  readonly writable: boolean;
}

/** How podman isolates a build's RUN: its default, through an OCI runtime, or a plain chroot where that one fails. */
export type Isolation = 'oci' | 'chroot';

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
  readonly isolation: Isolation;
  /** The build context, eulab's own folder; .dockerignore keeps it to utils/. */
  readonly context: string;
}

/** The job on the host's own toolchain. Pure. */
export function onHost(job: Job, home: string): Command {
  return { file: 'sh', args: [`${home}/${job.script}`], env: job.env };
}

/**
 * The job in a container. Pure.
 *
 * No layers are kept: eulab itself decides when something is to be built, and podman cannot see what changed in a mount.
 * The image's id goes to `idFile`, for `removeImage`.
 *
 * @see podman-build(1)
 */
export function inPodman(
  job: Job,
  image: Image,
  options: { readonly target: string; readonly idFile: string; readonly output?: string },
): Command {
  const args = [
    ['build', '--pull=never', '--layers=false', '--force-rm', '--isolation', image.isolation],
    // Nothing of a mount is relabelled: on SELinux hosts the source may be shared with others.
    ['--security-opt', 'label=disable'],
    ['--file', `${image.context}/${job.dockerfile}`, '--target', options.target, '--iidfile', options.idFile],
    ['--build-arg', `BASE_IMAGE=${image.name}`],
    Object.entries(job.env).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    job.mounts.flatMap(({ path, writable }) => ['--volume', `${path}:${path}:${writable ? 'rw' : 'ro'}`]),
    options.output === undefined ? [] : ['--output', options.output],
    [image.context],
  ];
  return { file: 'podman', args: args.flat() };
}

/** The same call, which goes on when nobody reads what it prints any more: there is something to clean up. Pure. */
export function outliving(command: Command): Command {
  return { ...command, file: 'sh', args: ['-c', 'trap "" PIPE; exec "$@"', 'sh', command.file, ...command.args] };
}

/** The toolchain stage as an image of its own, from a base; a base that has the tools passes through in a second. Pure. */
export function toolchainBuild(options: {
  base: string;
  tag: string;
  dockerfile: string;
  isolation: Isolation;
  context: string;
}): Command {
  const { base, tag, dockerfile, isolation, context } = options;
  const args = ['build', '--pull=never', '--isolation', isolation, '--file', `${context}/${dockerfile}`, '--target', 'toolchain'];
  return { file: 'podman', args: [...args, '--tag', tag, '--build-arg', `BASE_IMAGE=${base}`, context] };
}

/** An image's removal; its containers are none of ours. Pure. */
export function removeImage(id: string): Command {
  return { file: 'podman', args: ['image', 'rm', '--force', id] };
}

/** A root file system's import as an image. Pure. @see podman-import(1) */
export function importImage(tarball: string, tag: string): Command {
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { file: 'podman', args: ['import', '--quiet', '--change', path, tarball, tag] };
}

/** True for a line of kbuild's, which busybox has as well, that stands for one thing made: "  CC      init/main.o". Pure. */
export function isObject(line: string): boolean {
  return /^\s{2}[A-Z][A-Z0-9_+-]*\s+\S/.test(line);
}

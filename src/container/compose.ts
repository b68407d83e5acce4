import { quote } from '../command.ts';
import { builderFlags, type Call, type Run, type Scratch, type Stage } from './engine.ts';
import type { ComposeWay } from './way.ts';

/** The one service of a file. */
const service = 'job';

/**
 * A stage, built by a compose tool out of a file of its own. Pure.
 *
 * podman-compose ends with 0 when podman failed: whoever calls this has to look whether there is an image.
 */
export function composeBuild(way: ComposeWay, stage: Stage, scratch: Scratch): Call {
  const { context, dockerfile, target, args, tag = scratch.name } = stage;
  const build = {
    context,
    dockerfile: relative(dockerfile, context),
    ...(target === undefined ? {} : { target }),
    ...(way.over.kind === 'docker' && way.over.network === 'host' ? { network: 'host' } : {}),
    ...(args === undefined ? {} : { args: escaped(args) }),
  };
  const flags = way.over.kind === 'docker' ? [] : podmanFlags(way.over.isolation, stage);
  return call(way, { build, image: tag, network_mode: 'none' }, scratch, [...flags, 'build', service]);
}

/** A run, as one of a service. Pure. */
export function composeRun(way: ComposeWay, { image, command, mounts, env, user }: Run, scratch: Scratch): Call {
  const description = {
    image,
    ...(user === undefined ? {} : { user }),
    network_mode: 'none',
    security_opt: ['label=disable'],
    environment: escaped(env),
    volumes: mounts.map(({ path, writable }) => {
      return { type: 'bind', source: plain(path), target: plain(path), read_only: !writable };
    }),
    command: command.map(plain),
  };
  return call(way, description, scratch, ['run', '--rm', '-T', '--name', scratch.name, service]);
}

/** podman's own options, which podman-compose splits as a shell does. */
function podmanFlags(isolation: 'oci' | 'chroot', stage: Stage): string[] {
  const { mounts = [], network, layers, idFile } = stage;
  const flags = [
    ...['--pull=never', ...(layers ? [] : ['--layers=false', '--force-rm'])],
    ...builderFlags({ isolation, mounts, network }),
    ...(idFile === undefined ? [] : ['--iidfile', idFile]),
  ];
  return [`--podman-build-args=${flags.map(quote).join(' ')}`];
}

function call(way: ComposeWay, description: object, scratch: Scratch, words: readonly string[]): Call {
  const file = `${scratch.folder}/compose.json`;
  const [program, ...first] = way.tool;
  const legacy = way.over.kind === 'docker' && way.over.builder === 'legacy';
  return {
    command: {
      file: program,
      args: [...first, '--file', file, '--project-name', scratch.name, ...words],
      ...(legacy ? { env: { DOCKER_BUILDKIT: '0' } } : {}),
    },
    files: { [file]: `${JSON.stringify({ version: '3.7', services: { [service]: description } }, undefined, 2)}\n` },
  };
}

function escaped(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)]));
}

/** A text as compose reads it back: it puts variables in place of what follows a dollar. */
const plain = (text: string) => text.replaceAll('$', '$$$$');

function relative(file: string, folder: string): string {
  return file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
}

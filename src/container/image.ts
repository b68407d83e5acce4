import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from '../command.ts';
import { digest } from '../digest.ts';
import { CommandError, EulabError, status } from '../errors.ts';
import { probe, read, run } from '../exec.ts';
import type { Report } from '../report.ts';
import { stageBuild } from './call.ts';
import { type Image, importDockerfile, importImage, inspectImage, pullImage, type Stage } from './engine.ts';
import { packagesIn, usualPackages } from './packages.ts';
import { prepared, temporary } from './temporary.ts';
import { storeOf, type Way } from './way.ts';

/** The image that `eulab image bootstrap` makes: Debian's base with the toolchain, from packages alone. */
export const bootstrapTag = 'localhost/eulab-base:bookworm';

/** What a registry gives when it can be reached. */
const registryImage = 'debian:bookworm-slim';

/** Where a container build happens, and who is told of it. */
export interface ImageRequest {
  readonly way: Way;
  /** eulab's own folder. */
  readonly home: string;
  readonly dockerfile: string;
  /** The image to start from; undefined to find one. */
  readonly base: string | undefined;
  /** Lists in utils/toolchain of what is needed beyond the usual packages. */
  readonly lists: readonly string[];
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** An image with the toolchain, and what it was made from. */
export interface Toolchain extends Image {
  readonly base: BaseImage;
}

/** An image by its name, and by its id, which is that of its content. */
export interface BaseImage {
  readonly name: string;
  readonly id: string;
}

/**
 * An image with the toolchain, ready to build in: made once from the base image, found again afterwards by a tag that
 * depends on the base's id and the list of packages. With more lists it is one on top of the usual one.
 *
 * Without a base given: the bootstrapped one if it is there, else the registry's, else one is bootstrapped.
 *
 * @throws EulabError (3) when no image can be had.
 */
export async function toolchain(request: ImageRequest): Promise<Toolchain> {
  const { way, home, lists, signal } = request;
  const base = await baseImage(request);
  const id = await imageId(way, base, signal);
  const named = (packages: readonly string[]) => `localhost/eulab-toolchain:${digest(id, ...packages).slice(0, 12)}`;
  const [usual, wanted] = [usualPackages(home), packagesIn(home, lists)];
  const tag = named([...usual, ...wanted]);
  if ((await imageId(way, tag, signal)) === '') {
    const below = named(usual);
    if ((await imageId(way, below, signal)) === '') await makeToolchain(request, { base, tag: below, lists: [] });
    if (tag !== below) await makeToolchain(request, { base: below, tag, lists });
  }
  return { name: tag, way, context: home, base: { name: base, id } };
}

async function makeToolchain(
  request: ImageRequest,
  { base, tag, lists }: { readonly base: string; readonly tag: string; readonly lists: readonly string[] },
): Promise<void> {
  const { home, dockerfile, report } = request;
  const text = lists.length === 0 ? 'preparing the toolchain image' : `preparing the toolchain image for ${lists.join(', ')}`;
  report({ kind: 'step', text });
  await makeImage(request, {
    context: home,
    dockerfile: join(home, dockerfile),
    target: 'toolchain',
    args: { BASE_IMAGE: base, ...(lists.length === 0 ? {} : { LISTS: lists.join(' ') }) },
    tag,
    network: 'host',
    layers: true,
  });
}

/** Builds a stage that has a tag. @throws CommandError, also when the tool said that it was done and there is no image. */
async function makeImage(
  { way, report, signal }: Pick<ImageRequest, 'way' | 'report' | 'signal'>,
  stage: Stage & { tag: string },
) {
  await using place = await temporary(way);
  const command = await prepared(stageBuild(way, stage, place));
  await run(command, { signal, onLine: (text) => report({ kind: 'line', text }) });
  if ((await imageId(way, stage.tag, signal)) === '') await place.made(command);
}

async function baseImage(request: ImageRequest): Promise<string> {
  const { way, base, report, signal } = request;
  if (base !== undefined) {
    if ((await imageId(way, base, signal)) === '') await pull(base, request);
    return base;
  }
  for (const known of [bootstrapTag, registryImage]) if ((await imageId(way, known, signal)) !== '') return known;
  try {
    await pull(registryImage, request);
    return registryImage;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    report({ kind: 'note', text: `${registryImage} cannot be pulled: making a base image from Debian's packages instead` });
  }
  await bootstrap(request);
  return bootstrapTag;
}

async function pull(image: string, { way, report, signal }: ImageRequest): Promise<void> {
  report({ kind: 'step', text: `pulling ${image}` });
  await run(pullImage(way, image), { signal });
}

/** The id of an image that the engine has; '' when it has none of that name. */
export async function imageId(way: Way, name: string, signal: AbortSignal): Promise<string> {
  const outcome = await probe(inspectImage(way, name), { signal });
  // Some engines put the hash's name before it.
  return outcome.code === 0 ? outcome.stdout.trim().replace(/^sha256:/, '') : '';
}

/**
 * Makes `bootstrapTag` with mmdebstrap, which needs no registry and, with user namespaces, no root.
 *
 * @throws EulabError (3) when mmdebstrap is missing.
 * @see mmdebstrap(1)
 */
export async function bootstrap(request: Pick<ImageRequest, 'home' | 'way' | 'report' | 'signal'>): Promise<void> {
  const { home, way, report, signal } = request;
  const wanted = usualPackages(home);
  const folder = await mkdtemp(join(tmpdir(), 'eulab-image-'));
  try {
    const tarball = join(folder, 'base.tar');
    report({ kind: 'step', text: `making a base image with ${wanted.length} packages` });
    await run(mmdebstrap(wanted, tarball), { signal, onLine: (text) => report({ kind: 'line', text }) });
    report({ kind: 'step', text: 'importing the base image' });
    const command = importImage(way, tarball, bootstrapTag);
    if (command !== undefined) return void (await read(command, { signal }));
    await writeFile(join(folder, 'Dockerfile'), importDockerfile(basename(tarball)));
    // An engine that builds and cannot import.
    const store = storeOf(way);
    const stage = {
      context: folder,
      dockerfile: join(folder, 'Dockerfile'),
      tag: bootstrapTag,
      network: 'none',
      layers: false,
    } as const;
    await makeImage({ way: store, report, signal }, stage);
  } catch (error) {
    throw error instanceof CommandError ? noImage(error) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Pure. Documentation and translations are left out: a build reads none of them, and they are a fifth of the image. */
export function mmdebstrap(packages: readonly string[], tarball: string): Command {
  const slim = ['doc', 'locale', 'man', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  const recommends = '--aptopt=APT::Install-Recommends "false"';
  return {
    file: 'mmdebstrap',
    args: ['--variant=minbase', `--include=${packages.join(',')}`, recommends, ...slim, 'bookworm', tarball],
  };
}

function noImage(error: CommandError): EulabError {
  return new EulabError(`the base image could not be made: ${error.message}`, {
    details: error.stderr.split('\n').slice(-8),
    hint: 'name an image that you have with --base-image, or build with the tools of this machine: --engine host',
    exitCode: status.notReady,
    cause: error,
  });
}

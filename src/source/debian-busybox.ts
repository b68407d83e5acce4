import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EulabError, status } from '../errors.ts';
import { probe, read, run } from '../exec.ts';
import { madison, type SourcesFile, sourcePackages } from './apt-sources.ts';
import { aptFailure, kept, noApt } from './debian.ts';
import { recall, remember } from './records.ts';
import { scratch } from './scratch.ts';
import type { Fetching, Source } from './source.ts';
import { type Tarball, unpack } from './tarball.ts';

const posix = { LC_ALL: 'C' };

/**
 * The upstream source of the busybox that Debian ships, without Debian's patches, through apt: its signed indexes give
 * the checksums. Needs no root, and changes nothing of the host's apt.
 *
 * @throws EulabError (3) when there is no apt; EulabError when its sources cannot be reached.
 */
export async function debianBusybox(fetching: Fetching): Promise<Source> {
  const { cache, offline, signal } = fetching;
  const { version, uris } = madison(
    await read({ file: 'apt-cache', args: ['madison', 'busybox'], env: posix }, { signal }).catch(withoutApt),
  );
  const wish = `debian busybox ${version ?? 'of an unknown version'}`;
  const known = await recall(cache, 'busybox', wish);
  if (known !== undefined) return known.source;
  if (offline) throw new EulabError("Debian's busybox source is not in the cache", { hint: 'run it once with the network' });
  const tarball = await sourceTarball('busybox', uris, fetching);
  const tree = await unpack(tarball, 'busybox', fetching);
  return remember(cache, 'busybox', wish, { ...tree, origin: "Debian's busybox", digest: tarball.digest, verified: 'apt' });
}

/**
 * The upstream tarball of a Debian source package, in the cache.
 *
 * apt gets a folder of its own for its lists and sources, made from the host's, as source packages are seldom configured.
 */
async function sourceTarball(name: string, uris: readonly string[], { cache, report, signal }: Fetching): Promise<Tarball> {
  await using temporary = await scratch(join(cache, 'downloads'));
  const config = await privateApt(temporary.path, uris, signal);
  const files = join(temporary.path, 'files');
  await mkdir(files);
  const apt = (...args: string[]) => ({ file: 'apt-get', args: ['-c', config, ...args], env: posix, cwd: files });
  const onLine = (text: string) => report({ kind: 'line', text });
  report({ kind: 'step', text: `asking Debian's source packages for ${name}` });
  // A site without source packages fails the whole update, though the one that matters may have answered.
  const update = await run(apt('update'), { signal, onLine }).catch((error: unknown) => error);
  signal?.throwIfAborted();
  report({ kind: 'step', text: `downloading Debian's ${name} source through apt` });
  await run(apt('source', '--download-only', name), { signal, onLine }).catch((error: unknown) =>
    Promise.reject(aptFailure(`apt cannot download the source package ${name}`, update ?? error)),
  );
  const [tarball] = (await readdir(files)).filter((file) => /\.orig\.tar\.\w+$/.test(file));
  if (tarball === undefined) throw new EulabError(`Debian's source package ${name} holds no upstream tarball`);
  return await kept(join(files, tarball), cache, signal);
}

/** The path of a configuration that keeps apt inside of `folder`, with the source packages of the host's own sites. */
async function privateApt(folder: string, uris: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const parts = join(folder, 'parts');
  for (const part of ['parts', 'lists/partial', 'archives/partial']) await mkdir(join(folder, part), { recursive: true });
  const host = await hostSources(signal);
  const matching = sourcePackages(host, uris);
  const { sources, list } = matching.sources + matching.list === '' ? sourcePackages(host) : matching;
  if (sources !== '') await writeFile(join(parts, 'eulab.sources'), sources);
  if (list !== '') await writeFile(join(parts, 'eulab.list'), list);
  const settings: Readonly<Record<string, string>> = {
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::Cache': folder,
    'Dir::Cache::Archives': join(folder, 'archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': parts,
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
  };
  // With -c it is read after the host's own files, whose hooks would run after our update too.
  const clear = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'].map(
    (key) => `#clear ${key};`,
  );
  const config = join(folder, 'apt.conf');
  await writeFile(config, [...clear, ...Object.entries(settings).map(([key, value]) => `${key} "${value}";`), ''].join('\n'));
  return config;
}

/** The files that the host's apt reads its sources from. */
async function hostSources(signal: AbortSignal | undefined): Promise<SourcesFile[]> {
  const ask = ['shell', 'list', 'Dir::Etc::SourceList/f', 'parts', 'Dir::Etc::SourceParts/d'];
  const { stdout } = await probe({ file: 'apt-config', args: ask, env: posix }, { signal });
  const [, list = '/etc/apt/sources.list'] = /^list='(.*)'$/m.exec(stdout) ?? [];
  const [, parts = '/etc/apt/sources.list.d/'] = /^parts='(.*)'$/m.exec(stdout) ?? [];
  const names = (await readdir(parts).catch(() => [])).filter((name) => /^[\w.-]+\.(list|sources)$/.test(name));
  const paths = [join(dirname(list), basename(list)), ...names.sort().map((name) => join(parts, name))];
  const files = await Promise.all(
    paths.map(async (path) => ({ name: basename(path), text: await readFile(path, 'utf8').catch(() => '') })),
  );
  return files.filter(({ text }) => text !== '');
}

function withoutApt(error: unknown): never {
  if (!(error instanceof EulabError) || error.exitCode !== status.notReady) throw error;
  throw noApt('a source', 'give a version, a tarball or a folder of busybox', error);
}

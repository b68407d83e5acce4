import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileDigest } from '../digest.ts';
import { CommandError, EulabError, status } from '../errors.ts';
import { probe, read, run } from '../exec.ts';
import { recall, remember } from './records.ts';
import { order } from './releases.ts';
import { scratch } from './scratch.ts';
import type { Fetching, Source } from './source.ts';
import { type Tarball, tarballSource, unpack } from './tarball.ts';

const posix = { LC_ALL: 'C' };

/**
 * The kernel source that Debian ships: the tarball of an installed linux-source package, else of the newest one that apt
 * knows, downloaded without being installed. Needs no root.
 *
 * @throws EulabError (3) when there is no apt, or it knows no such package.
 */
export async function debianKernel(fetching: Fetching): Promise<Source> {
  const installed = await installedTarball('/usr/src', fetching);
  if (installed !== undefined) {
    return tarballSource(installed.path, 'kernel', fetching, { origin: `Debian's ${installed.package}`, verified: 'apt' });
  }
  const offer = await offered(fetching);
  const wish = `debian ${offer.uri}`;
  const known = await recall(fetching.cache, 'kernel', wish);
  if (known !== undefined) return known.source;
  const tarball = await packagedTarball(offer, fetching);
  const tree = await unpack(tarball, 'kernel', fetching);
  const origin = `Debian's ${offer.package}`;
  return remember(fetching.cache, 'kernel', wish, { ...tree, origin, digest: tarball.digest, verified: 'apt' });
}

/** The newest kernel tarball below a folder that a package of dpkg owns, and that package. */
export async function installedTarball(
  folder: string,
  { signal }: Pick<Fetching, 'signal'>,
): Promise<{ readonly path: string; readonly package: string } | undefined> {
  const found = (await kernelTarballs(folder)).sort((a, b) => order(series(b), series(a)));
  for (const path of found) {
    const owner = await probe({ file: 'dpkg-query', args: ['--search', path], env: posix }, { signal }).catch(() => undefined);
    const name = owner?.code === 0 ? /^(linux-source-[^:,\s]+)/.exec(owner.stdout)?.[1] : undefined;
    if (name !== undefined) return { path, package: name };
  }
  return undefined;
}

/** What apt would download for a package, all of it from its signed indexes. */
export interface Offer {
  readonly package: string;
  readonly uri: string;
  readonly bytes: number;
}

/** The package that linux-source stands for now. @throws EulabError (3) when apt does not know it. */
export async function offered({ signal }: Pick<Fetching, 'signal'>): Promise<Offer> {
  const apt = (file: string, ...args: string[]) => read({ file, args, env: posix }, { signal }).catch(noPackage);
  const name = /^\s*Depends: (linux-source-\S+)$/m.exec(await apt('apt-cache', 'depends', 'linux-source'))?.[1];
  if (name === undefined) throw noPackage(undefined);
  const line = await apt('apt-get', '--print-uris', 'download', name);
  const [, uri, bytes] = /^('\S+' \S+ (\d+) \S+)$/m.exec(line) ?? [];
  if (uri === undefined) throw noPackage(line);
  return { package: name, uri, bytes: Number(bytes) };
}

/** The kernel tarball inside of a package, downloaded and kept in the cache as every download. */
export async function packagedTarball(offer: Offer, { cache, offline, report, signal }: Fetching): Promise<Tarball> {
  if (offline) throw new EulabError(`Debian's ${offer.package} is not in the cache`, { hint: 'run it once with the network' });
  await using temporary = await scratch(join(cache, 'downloads'));
  report({ kind: 'step', text: `downloading Debian's ${offer.package} through apt` });
  // As root apt would hand the download to a user that cannot write here, and warn about it.
  const options = ['-o', 'APT::Sandbox::User=', '-o', 'APT::Status-Fd=1'];
  await run(
    { file: 'apt-get', args: [...options, 'download', offer.package], env: posix, cwd: temporary.path },
    { signal, onLine: downloading(offer.bytes, report) },
  ).catch((error) => Promise.reject(aptFailure(`apt cannot download ${offer.package}`, error)));
  const [deb] = (await readdir(temporary.path)).filter((name) => name.endsWith('.deb'));
  if (deb === undefined) throw new EulabError(`apt downloaded no ${offer.package}`);
  const files = join(temporary.path, 'files');
  await run({ file: 'dpkg-deb', args: ['--extract', join(temporary.path, deb), files], env: posix }, { signal });
  const [path] = await kernelTarballs(join(files, 'usr', 'src'));
  if (path === undefined) throw new EulabError(`Debian's ${offer.package} holds no /usr/src/linux-source-*.tar.*`);
  return await kept(path, cache, signal);
}

/** Reports how far apt is with so many bytes, from its lines. @see apt-get(8), APT::Status-Fd */
export function downloading(bytes: number, report: Fetching['report']): (line: string) => void {
  return (line) => {
    const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
    if (percent === undefined) report({ kind: 'line', text: line });
    else report({ kind: 'progress', done: Math.round((Number(percent) / 100) * bytes), total: bytes, unit: 'bytes' });
  };
}

/** A file of apt's, moved to its place in the cache: `downloads/SHA256/NAME`. */
export async function kept(path: string, cache: string, signal: AbortSignal | undefined): Promise<Tarball> {
  const digest = await fileDigest(path, signal);
  const place = join(cache, 'downloads', digest, basename(path));
  await mkdir(dirname(place), { recursive: true });
  await rename(path, place);
  return { path: place, digest };
}

/** What apt's failure means for the user. */
export function aptFailure(message: string, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const details = error.stderr.split('\n').filter((line) => /^[EW]: /.test(line));
  return new EulabError(message, {
    details,
    hint: 'apt-get update, as root; or is the network down?',
    check: 'sources',
    cause: error,
  });
}

/** The error for a host without apt. */
export function noApt(wanted: string, hint: string, cause?: unknown): EulabError {
  return new EulabError(`there is no apt on this host to take ${wanted} from`, {
    hint,
    check: 'sources',
    exitCode: status.notReady,
    cause,
  });
}

function noPackage(error: unknown): never {
  if (error instanceof EulabError && error.exitCode === status.notReady) {
    throw noApt('a source', 'give --source a version, a tarball or a folder', error);
  }
  if (error instanceof Error && !(error instanceof CommandError)) throw error;
  throw new EulabError('apt knows no package linux-source', {
    hint: 'apt-get update, as root',
    check: 'sources',
    exitCode: status.notReady,
    cause: error,
  });
}

/** linux-source-*.tar.* below a folder; Debian has it right there, Ubuntu one folder deeper. */
async function kernelTarballs(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const deeper = entries.filter((entry) => entry.isDirectory() && entry.name.startsWith('linux-source-'));
  const lists = await Promise.all(
    deeper.map(async ({ name }) => (await readdir(join(folder, name))).map((file) => join(name, file))),
  );
  return [...entries.filter((entry) => entry.isFile()).map(({ name }) => name), ...lists.flat()]
    .filter((name) => /^linux-source-[\d.]+\.tar\.\w+$/.test(basename(name)))
    .map((name) => join(folder, name));
}

function series(path: string): string {
  return /linux-source-([\d.]+)\.tar/.exec(basename(path))?.[1] ?? '0';
}

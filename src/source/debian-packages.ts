import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digest, fileDigest } from '../digest.ts';
import { EulabError, status } from '../errors.ts';
import { locate, missing, type Outcome, probe, run } from '../exec.ts';
import { aptFailure, downloading, noApt } from './debian.ts';
import { scratch } from './scratch.ts';
import type { Fetching } from './source.ts';

const posix = { LC_ALL: 'C' };
/** Debian's names of the machines. */
const architectures: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', riscv64: 'riscv64' };
/** A name as apt takes it, perhaps with an architecture, and a version or a suite. @see apt-get(8), deb-control(5) */
const named = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?([=/][A-Za-z0-9.+~:-]+)?$/;

/** A binary package whose files lie in a folder of the cache. */
export interface UnpackedPackage {
  /** NAME_VERSION_ARCHITECTURE. */
  readonly name: string;
  readonly folder: string;
}

/** A file of apt's answer. */
interface Offered {
  readonly name: string;
  /** Its path, for one that is on this host already. */
  readonly path?: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Debian's packages, and all that these depend on, unpacked: by name as `apt-get install` takes it, or by the path of a .deb file.
 *
 * apt chooses and downloads them from the host's own sites and checks their signed sums, without root, as if nothing were
 * installed; dpkg-deb unpacks them. Their scripts do not run. What was unpacked before is found without apt, until its lists change.
 *
 * @throws EulabError (2) that names a package that apt does not know or a file that is none; (3) without apt or dpkg-deb.
 * @see apt-get(8), --print-uris; dpkg-deb(1)
 */
export async function debianPackages(
  wanted: readonly string[],
  machine: string,
  fetching: Fetching,
): Promise<readonly UnpackedPackage[]> {
  const architecture = architectures[machine] ?? machine;
  if (locate('apt-get') === undefined) {
    throw noApt('packages', 'put files in with --add, --overlay or --program instead');
  }
  if (locate('dpkg-deb') === undefined) throw missing('dpkg-deb');
  for (const name of wanted) await check(name, architecture);
  const folder = join(fetching.cache, 'packages');
  await mkdir(folder, { recursive: true });
  const record = join(folder, `${await identity(wanted, architecture)}.json`);
  const known = await found(record, folder);
  if (known !== undefined) return known;
  await using temporary = await scratch(folder);
  const apt = await privateApt(temporary.path, architecture);
  fetching.report({ kind: 'step', text: `asking apt for ${wanted.join(' ')}` });
  const files = wanted.map((name) => (isFile(name) ? resolve(name) : name));
  const offered = await offers(wanted, await probe(apt('--print-uris', 'install', ...files), { signal: fetching.signal }));
  const local = await Promise.all(files.filter(isFile).map((path) => offerOf(path)));
  const all = [...offered.filter(({ name }) => !local.some((one) => one.name === name)), ...local];
  await unpackAll(all, { folder, temporary: temporary.path, fetch: () => fetched(files, apt, all, fetching) }, fetching);
  await writeFile(join(temporary.path, 'record'), JSON.stringify(all));
  await rename(join(temporary.path, 'record'), record);
  return all.map((one) => unpackedOf(one, folder));
}

/** Names a file: apt takes a slash for one too. */
function isFile(name: string): boolean {
  return name.endsWith('.deb') || name.startsWith('/') || name.startsWith('.');
}

async function check(name: string, architecture: string): Promise<void> {
  if (!isFile(name)) {
    if (!named.test(name)) throw refused(name, 'is no name of a package', 'write NAME, NAME=VERSION, or the path of a .deb file');
    return;
  }
  if (!(await stat(name).catch(() => undefined))?.isFile()) throw refused(name, 'there is no such file', 'name a .deb file');
  const its = (await control(name)).get('Architecture');
  if (its === undefined) throw refused(name, 'is no Debian package', 'name a .deb file');
  if (its === 'all' || its === architecture) return;
  throw refused(name, `is for ${its}, and the guest is ${architecture}`, `name one for ${architecture}`);
}

/** What the answer hangs on: the wish, the files, and apt's lists and preferences. */
async function identity(wanted: readonly string[], architecture: string): Promise<string> {
  const { stdout } = await probe({
    file: 'apt-config',
    args: ['shell', 'a', 'Dir::State::lists/d', 'b', 'Dir::Etc::preferences/f', 'c', 'Dir::Etc::preferencesparts/d'],
    env: posix,
  });
  const places = Array.from(stdout.matchAll(/^\w='(.*)'$/gm), ([, path = '']) => path);
  const files = [...places, ...wanted.filter(isFile).map((name) => resolve(name))];
  const times = await Promise.all(
    files.map(async (path) => {
      const names = await readdir(path).catch(() => []);
      const each = ['', ...names.sort()].map(async (name) => (await stat(join(path, name)).catch(() => undefined))?.mtimeMs);
      return [path, await Promise.all(each)];
    }),
  );
  return digest(JSON.stringify([wanted, architecture, times]));
}

async function found(record: string, folder: string): Promise<UnpackedPackage[] | undefined> {
  try {
    const all = (JSON.parse(await readFile(record, 'utf8')) as Offered[]).map((one) => unpackedOf(one, folder));
    for (const one of all) await stat(one.folder);
    return all;
  } catch {
    return undefined;
  }
}

function unpackedOf({ name, sha256 }: Offered, folder: string): UnpackedPackage {
  return { name: name.replace(/\.deb$/, '').replaceAll('%3a', ':'), folder: join(folder, sha256) };
}

/** Calls of apt that see an empty system and write below `folder` only. */
async function privateApt(folder: string, architecture: string) {
  const archives = join(folder, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  const settings: Readonly<Record<string, string>> = {
    'Dir::State::status': '/dev/null',
    'Dir::Cache::Archives': archives,
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Debug::NoLocking': 'true',
    'APT::Sandbox::User': '',
    'APT::Architecture': architecture,
    'APT::Install-Recommends': 'false',
    'APT::Install-Suggests': 'false',
    'Acquire::ForceHash': 'SHA256',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  const config = join(folder, 'apt.conf');
  await writeFile(config, ['#clear APT::Architectures;', ...lines, `APT::Architectures { "${architecture}"; };`, ''].join('\n'));
  return (...args: string[]) => ({ file: 'apt-get', args: ['-c', config, '-q', '-y', ...args], env: posix });
}

/** The files that apt would download. @see apt-get(8), --print-uris: 'URI' NAME BYTES HASH:SUM */
function offers(wanted: readonly string[], { code, stdout, stderr }: Outcome): Offered[] {
  const lines = Array.from(stdout.matchAll(/^'(\S+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/gm));
  if (code === 0) {
    return lines.map(([, uri = '', name = '', bytes, sha256 = '']) => ({
      name,
      ...(uri.startsWith('file:') ? { path: fileURLToPath(uri.replace(/^file:\/*/, 'file:///')) } : {}),
      bytes: Number(bytes),
      sha256,
    }));
  }
  const unknown =
    /Unable to locate package (\S+)|for '([^']+)' was not found|Package '?([^' ]+)'? has no installation candidate/.exec(stderr);
  const name = wanted.find((one) => unknown?.slice(1).some((part) => part !== undefined && one.startsWith(part)));
  const hint = 'bring its lists up to date: sudo apt-get update; or look for another name: apt-cache search WORD';
  if (name !== undefined) throw refused(name, 'apt knows no such package', hint);
  const details = [...stdout.split('\n'), ...stderr.split('\n')].filter((line) => /^E: | : (?:Pre)?Depends: /i.test(line));
  throw new EulabError(`--package ${wanted.join(' --package ')}: apt cannot put these together`, {
    details: details.slice(0, 8).map((line) => line.trim()),
    hint,
    exitCode: status.usage,
  });
}

/** A .deb file of the user's. */
async function offerOf(path: string): Promise<Offered> {
  const [facts, sha256, { size }] = await Promise.all([control(path), fileDigest(path), stat(path)]);
  const name = ['Package', 'Version', 'Architecture'].map((key) => facts.get(key) ?? '').join('_');
  return { name: `${name.replaceAll(':', '%3a')}.deb`, path, bytes: size, sha256 };
}

/** The fields of a .deb file; empty for what is none. @see deb-control(5) */
async function control(path: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await probe({ file: 'dpkg-deb', args: ['--field', path], env: posix });
  return new Map(Array.from(stdout.matchAll(/^([A-Z][\w-]*): (.*)$/gm), ([, key = '', value = '']) => [key, value]));
}

/** Has apt download what is not on this host. */
async function fetched(
  names: readonly string[],
  apt: Awaited<ReturnType<typeof privateApt>>,
  all: readonly Offered[],
  { offline, report, signal }: Fetching,
): Promise<void> {
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  if (offline) throw new EulabError(`${names.join(' ')} is not in the cache`, { hint: 'run it once with the network' });
  report({ kind: 'step', text: `downloading ${all.length} packages through apt` });
  const args = ['-o', 'APT::Status-Fd=1', '--download-only', 'install', ...names];
  await run(apt(...args), { signal, onLine: downloading(bytes, report) }).catch((error: unknown) =>
    Promise.reject(aptFailure(`apt cannot download ${names.join(' ')}`, error)),
  );
}

/** Unpacks each to the folder of its digest, whole or not at all; what another one unpacked meanwhile is as good. */
async function unpackAll(
  all: readonly Offered[],
  place: { readonly folder: string; readonly temporary: string; readonly fetch: () => Promise<void> },
  { signal }: Fetching,
): Promise<void> {
  const lacking = [];
  for (const one of all) if ((await stat(join(place.folder, one.sha256)).catch(() => undefined)) === undefined) lacking.push(one);
  if (lacking.some(({ path }) => path === undefined)) await place.fetch();
  for (const one of lacking) {
    const deb = one.path ?? join(place.temporary, 'archives', basename(one.name));
    const actual = await fileDigest(deb, signal).catch(() => undefined);
    if (actual !== one.sha256) throw new EulabError(`apt downloaded no ${one.name} of the sum that its lists have`);
    const files = join(place.temporary, one.sha256);
    await run({ file: 'dpkg-deb', args: ['--extract', deb, files], env: posix }, { signal });
    await rename(files, join(place.folder, one.sha256)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  }
}

function refused(name: string, what: string, hint: string): EulabError {
  return new EulabError(`--package ${name}: ${what}`, { hint, exitCode: status.usage });
}

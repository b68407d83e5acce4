import { readdir, rename, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileDigest } from '../digest.ts';
import { CommandError, EulabError, status } from '../errors.ts';
import { missing, run } from '../exec.ts';
import { noSpace } from './download.ts';
import { recall, remember } from './records.ts';
import { scratch } from './scratch.ts';
import type { Fetching, Source } from './source.ts';
import { inspectTree, type Program } from './tree.ts';

/** A tarball on this machine whose sha256 is known, in lower case. */
export interface Tarball {
  readonly path: string;
  readonly digest: string;
}

/** The source in a tarball of the user, or of the host when `of` says where it is from and what stands behind it. */
export async function tarballSource(
  path: string,
  program: Program,
  fetching: Fetching,
  of: Pick<Source, 'origin' | 'verified'> = { origin: path, verified: 'none' },
): Promise<Source> {
  const whole = resolve(path);
  const facts = await stat(whole, { bigint: true }).catch(() => undefined);
  if (!facts?.isFile()) {
    const hint = facts?.isDirectory() ? `to build from a folder, write it with a slash at its end: ${path}/` : undefined;
    throw new EulabError(facts === undefined ? `no such file: ${whole}` : `${whole} is not a file`, {
      hint,
      exitCode: status.usage,
    });
  }
  const wish = `tarball ${whole} ${facts.ino} ${facts.size} ${facts.mtimeNs} ${of.verified}`;
  const known = await recall(fetching.cache, program, wish);
  if (known !== undefined) return known.source;
  const digest = await fileDigest(whole, fetching.signal);
  const tree = await unpack({ path: whole, digest }, program, fetching);
  return remember(fetching.cache, program, wish, { ...tree, ...of, digest });
}

/**
 * The tree in a tarball, unpacked once for its digest into `sources/NAME-DIGEST12`, and its version.
 *
 * It is unpacked beside its place and renamed to it when it is whole, so that what stands there is always whole.
 *
 * @throws EulabError when the tarball is cut, is none, or holds no source of `program` (then nothing of it is kept), when
 * the disk is full; (3) when the program that decompresses it is missing.
 * @see tar(1)
 */
export async function unpack(
  tarball: Tarball,
  program: Program,
  fetching: Fetching,
): Promise<Pick<Source, 'folder' | 'version'>> {
  const sources = join(fetching.cache, 'sources');
  const short = tarball.digest.slice(0, 12);
  const found = await unpacked(sources, short, program);
  if (found !== undefined) return found;
  const name = basename(tarball.path).replace(/\.(orig\.)?(tar(\.\w+)?|t[gxb]z2?|tzst)$/, '');
  await using temporary = await scratch(sources);
  await extract(tarball.path, temporary.path, fetching);
  const root = await topFolder(temporary.path);
  const tree = await inspectTree(root, program);
  if ('lacks' in tree) {
    throw new EulabError(`${tarball.path} is no ${program} source: it has no ${tree.lacks.join(', no ')}`, {
      hint: 'nothing of it was kept',
    });
  }
  const folder = await place(root, join(sources, `${name}-${short}`), program);
  return { folder, version: tree.version };
}

/**
 * `from`, renamed to `to`; when another process was first, its tree is taken, and ours goes with its scratch folder.
 *
 * What an interrupted removal left of a tree is replaced.
 */
export async function place(from: string, to: string, program: Program): Promise<string> {
  const taken = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    return true;
  };
  if (!(await rename(from, to).catch(taken))) return to;
  if ('version' in (await inspectTree(to, program))) return to;
  await rename(to, `${from}.remains`);
  await rename(from, to).catch(taken);
  return to;
}

async function unpacked(
  sources: string,
  short: string,
  program: Program,
): Promise<Pick<Source, 'folder' | 'version'> | undefined> {
  // The same tarball may have come under another name.
  const entries = await readdir(sources).catch(() => []);
  for (const entry of entries.filter((name) => name.endsWith(`-${short}`))) {
    const folder = join(sources, entry);
    const tree = await inspectTree(folder, program);
    if ('version' in tree) return { folder, version: tree.version };
  }
  return undefined;
}

/** tar's default record: 20 blocks of 512 bytes. */
const recordBytes = 10_240;

async function extract(path: string, folder: string, { report, signal }: Fetching): Promise<void> {
  report({ kind: 'step', text: `unpacking ${path}` });
  const args = ['--extract', '--no-same-owner', '--force-local', '--file', path, '--directory', folder];
  const checkpoint = ['--checkpoint=2000', '--checkpoint-action=echo=%u'];
  const onLine = (line: string) => {
    const records = /^tar: (\d+)$/.exec(line)?.[1];
    if (records === undefined) report({ kind: 'line', text: line });
    else report({ kind: 'progress', done: Number(records) * recordBytes, total: undefined, unit: 'bytes' });
  };
  try {
    await run({ file: 'tar', args: [...args, ...checkpoint], env: { LC_ALL: 'C' } }, { signal, onLine });
  } catch (error) {
    throw error instanceof CommandError ? explained(path, folder, error) : error;
  }
}

/** What tar's complaint means for the user. */
function explained(path: string, folder: string, error: CommandError): EulabError {
  const decompressor = /(\S+): Cannot exec/.exec(error.stderr)?.[1];
  if (decompressor !== undefined) return missing(decompressor);
  if (/No space left on device/.test(error.stderr)) return noSpace(folder, error);
  const details = error.stderr.split('\n').filter((line) => line !== '' && !/^tar: \d+$/.test(line));
  if (/unexpected end|unexpected eof|ends unexpectedly|premature end/i.test(error.stderr)) {
    return new EulabError(`${path} is cut short`, { details: details.slice(-3), hint: 'fetch it again', cause: error });
  }
  return new EulabError(`${path} cannot be unpacked`, { details: details.slice(-5), hint: 'is it a tarball?', cause: error });
}

/** The one folder that a tarball has at its top, or the folder it was unpacked in when it has more. */
async function topFolder(folder: string): Promise<string> {
  const [first, ...others] = await readdir(folder, { withFileTypes: true });
  return first?.isDirectory() && others.length === 0 ? join(folder, first.name) : folder;
}

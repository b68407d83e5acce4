import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, EulabError, status } from '../errors.ts';
import { read, run } from '../exec.ts';
import { recall, remember } from './records.ts';
import { scratch } from './scratch.ts';
import type { Fetching, Source } from './source.ts';
import { place } from './tarball.ts';
import { inspectTree, type Program } from './tree.ts';

/** A repository and what to take of it: a branch, a tag, a whole commit id, HEAD. */
export interface GitRef {
  readonly url: string;
  readonly ref: string;
}

/**
 * The tree of a ref, fetched without its history and checked out into `sources/PROGRAM-COMMIT12`.
 *
 * The repository is kept, so that the next ref costs what differs. A branch is asked for each time.
 *
 * @throws EulabError when the repository cannot be read, has no such ref, or the tree is no source of `program`.
 */
export async function gitSource({ url, ref }: GitRef, program: Program, fetching: Fetching): Promise<Source> {
  const { cache, offline, signal, report } = fetching;
  const wish = `git ${url} ${ref}`;
  if (offline || /^[0-9a-f]{40}$/.test(ref)) {
    const known = await recall(cache, program, wish);
    if (known !== undefined) return known.source;
    if (offline) throw new EulabError(`${url}#${ref} is not in the cache`, { hint: 'run it once with the network' });
  }
  const repository = await bareRepository(cache, url);
  report({ kind: 'step', text: `fetching ${url} ${ref}` });
  const commit = await fetchRef(repository, { url, ref }, fetching);
  const git = (...args: string[]) => read({ file: 'git', args: ['--git-dir', repository, ...args] }, { signal });
  const digest = await git('rev-parse', `${commit}^{tree}`);
  const folder = join(cache, 'sources', `${program}-${commit.slice(0, 12)}`);
  let tree = await inspectTree(folder, program);
  if ('lacks' in tree) {
    report({ kind: 'step', text: `checking out ${commit.slice(0, 12)}` });
    await using temporary = await scratch(join(cache, 'sources'));
    await checkOut(repository, commit, temporary.path, fetching);
    tree = await inspectTree(join(temporary.path, 'tree'), program);
    if ('lacks' in tree) throw new EulabError(`${url}#${ref} is no ${program} source: it has no ${tree.lacks.join(', no ')}`);
    await place(join(temporary.path, 'tree'), folder, program);
  }
  const origin = `${url} ${ref} (${commit.slice(0, 12)})`;
  return remember(cache, program, wish, { folder, version: tree.version, origin, digest, verified: 'git' });
}

async function bareRepository(cache: string, url: string): Promise<string> {
  const key = createHash('sha256').update(url).digest('hex').slice(0, 16);
  const repository = join(cache, 'git', `${key}.git`);
  if ((await stat(repository).catch(() => undefined)) !== undefined) return repository;
  await using temporary = await scratch(join(cache, 'git'));
  const fresh = join(temporary.path, 'bare');
  await run({ file: 'git', args: ['init', '--quiet', '--bare', fresh] });
  await rename(fresh, repository).catch((error: NodeJS.ErrnoException) => {
    // Another process was first.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return repository;
}

/** The commit that a ref is; it is in the repository afterwards, and held there by a ref of its own. */
async function fetchRef(repository: string, { url, ref }: GitRef, { signal, report }: Fetching): Promise<string> {
  const mine = `refs/eulab/${randomBytes(6).toString('hex')}`;
  const fetch = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head', '--', url, `+${ref}:${mine}`];
  const git = (...args: string[]) => read({ file: 'git', args: ['--git-dir', repository, ...args] }, { signal });
  try {
    // Two shallow fetches at once into one repository fail on its shallow.lock; flock(1) lets the second wait.
    await run(
      {
        file: 'flock',
        args: [join(repository, 'eulab.lock'), 'git', '--git-dir', repository, ...fetch],
        env: { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
      },
      { signal, onLine: (text) => report({ kind: 'line', text }) },
    );
  } catch (error) {
    throw error instanceof CommandError ? explained({ url, ref }, error) : error;
  }
  const commit = await git('rev-parse', '--verify', '--quiet', `${mine}^{commit}`).catch(() => '');
  if (commit !== '') await git('update-ref', `refs/eulab/${commit}`, commit);
  await git('update-ref', '-d', mine);
  if (commit === '') throw new EulabError(`${url}: ${ref} is not a commit`);
  return commit;
}

function explained({ url, ref }: GitRef, error: CommandError): EulabError {
  const details = error.stderr.split('\n').filter((line) => line !== '');
  if (/couldn't find remote ref|not our ref|no such remote ref/i.test(error.stderr)) {
    return new EulabError(`${url} has no ref ${ref}`, {
      details,
      hint: `a branch, a tag or a whole commit id; see: git ls-remote ${url}`,
      exitCode: status.usage,
    });
  }
  return new EulabError(`cannot fetch ${url}`, { details, hint: `try it by hand: git ls-remote ${url}`, cause: error });
}

/** The files of a commit in `folder`/tree, exactly as they are stored: git-archive(1) would leave out and substitute. */
async function checkOut(repository: string, commit: string, folder: string, { signal }: Fetching): Promise<void> {
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  await mkdir(join(folder, 'tree'));
  await run({ file: 'git', args: ['--git-dir', repository, 'read-tree', commit], env }, { signal });
  const work = ['--git-dir', repository, '--work-tree', join(folder, 'tree')];
  await run({ file: 'git', args: [...work, '-c', 'core.autocrlf=false', 'checkout-index', '--all'], env }, { signal });
}

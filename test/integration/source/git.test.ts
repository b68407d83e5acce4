import { execFileSync } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { kernelSource } from '../../../src/source/kernel.ts';
import { parseSource } from '../../../src/source/spec.ts';
import { requires } from '../../requires.ts';
import { folder, listener, tree } from './site.ts';

const test = requires('git', 'flock');

/** A repository with two commits: the first is tagged v6.6.22, the second is the head of main. */
async function repository(place: string) {
  await tree(place, 'kernel', { payload: 1000 });
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', place, '-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  // git-archive would leave this one out.
  await writeFile(join(place, '.gitattributes'), 'payload export-ignore\n');
  git('add', '--all');
  git('commit', '--quiet', '--message=one');
  git('tag', '--annotate', '--message=tagged', 'v6.6.22');
  await appendFile(join(place, 'payload'), 'more');
  git('commit', '--quiet', '--all', '--message=two');
  return { url: `file://${place}`, git };
}

test('a tag, a branch, a commit and HEAD are each checked out as they are stored', async () => {
  await using work = await folder();
  const { url, git } = await repository(join(work.path, 'linux'));
  const cache = join(work.path, 'cache');
  const [first, second] = [git('rev-parse', 'v6.6.22^{commit}'), git('rev-parse', 'main')];
  const tagged = await kernelSource(parseSource(`git+${url}#v6.6.22`), { cache });
  expect(tagged).toEqual({
    folder: join(cache, 'sources', `kernel-${first.slice(0, 12)}`),
    version: '6.6.22',
    origin: `${url} v6.6.22 (${first.slice(0, 12)})`,
    digest: git('rev-parse', `${first}^{tree}`),
    verified: 'git',
  });
  expect((await readFile(join(tagged.folder, 'payload'))).length).toBe(1000);
  for (const ref of ['main', second, 'HEAD']) {
    const source = await kernelSource(parseSource(`git+${url}#${ref}`), { cache });
    expect(source.folder).toBe(join(cache, 'sources', `kernel-${second.slice(0, 12)}`));
    expect((await readFile(join(source.folder, 'payload'))).length).toBe(1004);
  }
});

test('a branch is asked for again, and its last answer is used offline', async () => {
  await using work = await folder();
  const { url, git } = await repository(join(work.path, 'linux'));
  const cache = join(work.path, 'cache');
  const spec = { kind: 'git', url, ref: 'main' } as const;
  const before = await kernelSource(spec, { cache });
  await appendFile(join(work.path, 'linux', 'payload'), 'more');
  git('commit', '--quiet', '--all', '--message=three');
  expect(await kernelSource(spec, { cache, offline: true })).toEqual(before);
  expect((await kernelSource(spec, { cache })).folder).toBe(
    join(cache, 'sources', `kernel-${git('rev-parse', 'main').slice(0, 12)}`),
  );
});

test('a whole commit id that is known needs no repository', async () => {
  await using work = await folder();
  const { url, git } = await repository(join(work.path, 'linux'));
  const cache = join(work.path, 'cache');
  const spec = { kind: 'git', url, ref: git('rev-parse', 'main') } as const;
  const source = await kernelSource(spec, { cache });
  const heard = listener();
  expect(await kernelSource(spec, { cache, report: heard.report })).toEqual(source);
  expect(heard.events).toEqual([]);
});

test('a release candidate comes by its tag from the git site', async () => {
  await using work = await folder();
  const { url, git } = await repository(join(work.path, 'linux'));
  git('tag', 'v6.7-rc3');
  const source = await kernelSource(parseSource('6.7-rc3'), { cache: join(work.path, 'cache'), sites: { git: url } });
  expect(source).toMatchObject({ verified: 'git', origin: expect.stringContaining('v6.7-rc3') });
});

test('two at once do not harm each other', async () => {
  await using work = await folder();
  const { url } = await repository(join(work.path, 'linux'));
  const options = { cache: join(work.path, 'cache') };
  const refs = ['main', 'v6.6.22', 'main', 'HEAD'];
  const [one, two, three, four] = await Promise.all(refs.map((ref) => kernelSource({ kind: 'git', url, ref }, options)));
  expect(three).toEqual(one);
  expect(four?.folder).toBe(one?.folder);
  expect(two?.folder).not.toBe(one?.folder);
});

test('a missing ref, a missing repository and a tree of something else are each named', async () => {
  await using work = await folder();
  const { url, git } = await repository(join(work.path, 'linux'));
  const options = { cache: join(work.path, 'cache') };
  await expect(kernelSource({ kind: 'git', url, ref: 'v9.9' }, options)).rejects.toMatchObject({
    message: `${url} has no ref v9.9`,
    hint: expect.stringContaining(`git ls-remote ${url}`),
  });
  await expect(kernelSource({ kind: 'git', url: `${url}-none`, ref: 'main' }, options)).rejects.toThrow(
    `cannot fetch ${url}-none`,
  );
  git('rm', '--quiet', 'Kconfig');
  git('commit', '--quiet', '--message=no kernel');
  await expect(kernelSource({ kind: 'git', url, ref: 'main' }, options)).rejects.toThrow(
    /is no kernel source: it has no Kconfig/,
  );
});

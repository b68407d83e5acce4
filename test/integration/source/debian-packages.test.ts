import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, vi } from 'vitest';
import { cacheEntry } from '../../../src/artifacts/cache.ts';
import { debianPackages } from '../../../src/source/debian-packages.ts';
import { fetching } from '../../../src/source/source.ts';
import { requires } from '../../requires.ts';
import { folder, listener, type Site, site } from './site.ts';

const test = requires('apt-get', 'apt-config', 'dpkg-deb');

afterEach(() => vi.unstubAllEnvs());

interface Made {
  readonly name: string;
  readonly fields?: string;
  readonly architecture?: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A package as dpkg-deb makes it. Returns its path. */
function deb(where: string, { name, fields = '', architecture = 'amd64', files }: Made): string {
  const tree = join(where, `${name}.tree`);
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  for (const [path, text] of Object.entries(files)) put(path, text);
  const control = `Package: ${name}\nVersion: 1:2-3\nArchitecture: ${architecture}\nMaintainer: nobody <n@example.org>\n${fields}Description: ${name}\n`;
  put('DEBIAN/control', control);
  put('DEBIAN/postinst', '#!/bin/sh\ntouch /was-run\n');
  execFileSync('chmod', ['755', join(tree, 'DEBIAN/postinst')]);
  const path = join(where, `${name}.deb`);
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', tree, path]);
  return path;
}

/** An apt of our own, whose only site is `web`; what is in `packages` is on it. */
async function apt(here: string, web: Site, packages: readonly Made[]): Promise<void> {
  const stanzas = packages.map((one) => {
    const path = deb(here, one);
    const bytes = readFileSync(path);
    web.pages.set(`/pool/${one.name}.deb`, { body: bytes });
    const control = execFileSync('dpkg-deb', ['--field', path], { encoding: 'utf8' });
    const sum = createHash('sha256').update(bytes).digest('hex');
    return `${control}Filename: pool/${one.name}.deb\nSize: ${bytes.length}\nSHA256: ${sum}\n`;
  });
  web.pages.set('/./Packages', { body: stanzas.join('\n') });
  web.pages.set('/Packages', { body: stanzas.join('\n') });
  for (const part of ['lists/partial', 'none', 'cache/archives/partial']) mkdirSync(join(here, part), { recursive: true });
  writeFileSync(join(here, 'sources.list'), `deb [trusted=yes] ${web.url} ./\n`);
  const settings = {
    'Dir::Etc::SourceList': join(here, 'sources.list'),
    'Dir::Etc::SourceParts': join(here, 'none'),
    'Dir::Etc::Parts': join(here, 'none'),
    'Dir::State::Lists': join(here, 'lists'),
    'Dir::Cache': join(here, 'cache'),
    'APT::Sandbox::User': '',
    'Acquire::http::Proxy': 'DIRECT',
    'Acquire::Languages': 'none',
  };
  const config = join(here, 'apt.conf');
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  vi.stubEnv('APT_CONFIG', config);
  // The site is in this process.
  await promisify(execFile)('apt-get', ['-qq', '-o', 'Debug::NoLocking=1', 'update']);
}

const tool: Made = { name: 'tool', fields: 'Depends: libtool2 (>= 1:1)\n', files: { 'usr/bin/tool': 'a tool' } };
const library: Made = { name: 'libtool2', files: { 'usr/lib/libtool.so.2': 'a library' } };

test('a package and what it depends on are downloaded once, checked and unpacked; without apt the next time', async () => {
  await using here = await folder();
  await using web = await site();
  await apt(here.path, web, [tool, library]);
  const heard = listener();
  const ways = fetching({ cache: join(here.path, 'eulab'), report: heard.report });
  const all = await debianPackages(['tool'], 'x86_64', ways);
  expect(all.map(({ name }) => name).toSorted()).toEqual(['libtool2_1:2-3_amd64', 'tool_1:2-3_amd64']);
  const content = (path: string) =>
    all
      .map((one) => join(one.folder, path))
      .filter((one) => existsSync(one))
      .map((one) => readFileSync(one, 'utf8'));
  expect([content('usr/bin/tool'), content('usr/lib/libtool.so.2'), content('DEBIAN/control')]).toEqual([
    ['a tool'],
    ['a library'],
    [],
  ]);
  expect(existsSync('/was-run')).toBe(false);
  const asked = web.hits.length;
  heard.events.length = 0;
  expect(await debianPackages(['tool'], 'x86_64', { ...ways, offline: true })).toEqual(all);
  expect([web.hits.length, heard.events]).toEqual([asked, []]);
  // Nothing is left but the packages and the answer, and a clean knows whose they are.
  expect(readdirSync(join(here.path, 'eulab')).filter((name) => cacheEntry(name) === undefined)).toEqual([]);
  expect(readdirSync(join(here.path, 'eulab/packages')).filter((name) => !/^[0-9a-f]{64}(\.json)?$/.test(name))).toEqual([]);
});

test('a newer list is asked again; a file of other bytes than the list says is not taken', async () => {
  await using here = await folder();
  await using web = await site();
  await apt(here.path, web, [tool, library]);
  const ways = fetching({ cache: join(here.path, 'eulab') });
  web.pages.set('/pool/tool.deb', { body: Buffer.alloc(1000) });
  await expect(debianPackages(['tool'], 'x86_64', ways)).rejects.toThrow('apt cannot download tool');
  expect(readdirSync(join(here.path, 'eulab/packages'))).toEqual([]);
  await apt(here.path, web, [{ ...tool, fields: '' }]);
  const all = await debianPackages(['tool'], 'x86_64', ways);
  expect(all.map(({ name }) => name)).toEqual(['tool_1:2-3_amd64']);
});

test('a .deb file, with what it depends on from the site; a file alone needs no site', async () => {
  await using here = await folder();
  await using web = await site();
  await apt(here.path, web, [library]);
  const ways = fetching({ cache: join(here.path, 'eulab') });
  const local = deb(here.path, tool);
  const all = await debianPackages([local], 'x86_64', ways);
  expect(all.map(({ name }) => name).toSorted()).toEqual(['libtool2_1:2-3_amd64', 'tool_1:2-3_amd64']);
  const alone = deb(here.path, { name: 'alone', files: { 'usr/bin/alone': '' } });
  expect(await debianPackages([alone], 'x86_64', { ...ways, offline: true })).toMatchObject([{ name: 'alone_1:2-3_amd64' }]);
});

test('what cannot be had is named', async () => {
  await using here = await folder();
  await using web = await site();
  await apt(here.path, web, [tool, { name: 'broken', fields: 'Depends: nowhere\n', files: {} }]);
  const ways = fetching({ cache: join(here.path, 'eulab') });
  const foreign = deb(here.path, { name: 'foreign', architecture: 'arm64', files: {} });
  writeFileSync(join(here.path, 'text.deb'), 'no archive');
  const refused = async (name: string) =>
    await debianPackages([name], 'x86_64', ways).then(
      () => 'taken',
      (error: { message: string; details: string[]; exitCode: number }) =>
        [error.message, error.exitCode, ...error.details].join(' | '),
    );
  expect(await refused('no-such')).toBe('--package no-such: apt knows no such package | 2');
  expect(await refused('tool=9')).toBe('--package tool=9: apt knows no such package | 2');
  expect(await refused('../no.deb')).toBe('--package ../no.deb: there is no such file | 2');
  expect(await refused('--force-yes')).toBe('--package --force-yes: is no name of a package | 2');
  expect(await refused(foreign)).toBe(`--package ${foreign}: is for arm64, and the guest is amd64 | 2`);
  expect(await refused(join(here.path, 'text.deb'))).toMatch(/text\.deb: is no Debian package \| 2$/);
  expect(await refused('broken')).toMatch(/^--package broken: apt cannot put these together \| 2 \| .*broken : Depends: nowhere/);
  expect(readdirSync(join(here.path, 'eulab/packages'))).toEqual([]);
});

test('without apt: said so', async () => {
  await using here = await folder();
  vi.stubEnv('PATH', here.path);
  const ways = fetching({ cache: join(here.path, 'eulab') });
  await expect(debianPackages(['tool'], 'x86_64', ways)).rejects.toThrow('there is no apt on this host');
});

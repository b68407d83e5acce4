import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelSource } from '../../../src/source/kernel.ts';
import { cached, deadUrl, folder, listener, publish, sha256, site } from './site.ts';

const version = (text: string) => ({ kind: 'version', version: text }) as const;
const path = '/kernel/v6.x/linux-6.6.22.tar.xz';

test('a release is downloaded, checked, unpacked, and known the next time', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22');
  const cache = join(work.path, 'cache');
  const heard = listener();
  const source = await kernelSource(version('6.6.22'), { cache, sites: web.sites, report: heard.report });
  expect(source).toEqual({
    folder: join(cache, 'sources', `linux-6.6.22-${sha256(body).slice(0, 12)}`),
    version: '6.6.22',
    origin: 'kernel.org 6.6.22',
    digest: sha256(body),
    verified: 'sha256',
  });
  expect(await readFile(join(source.folder, 'payload'))).toEqual(await readFile(join(work.path, 'linux-6.6.22', 'payload')));
  expect(heard.events).toContainEqual({ kind: 'progress', done: body.length, total: body.length, unit: 'bytes' });
  expect(heard.notes().join()).toMatch(/checksum is good, its signature was not checked/);
  web.hits.length = 0;
  expect(await kernelSource(version('6.6.22'), { cache, offline: true, sites: web.sites })).toEqual(source);
  expect(web.hits).toEqual([]);
});

test('a wrong checksum is an error that leaves nothing', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22');
  const changed = Buffer.from(body);
  changed[100] = (changed[100] ?? 0) ^ 1;
  web.pages.set(path, { body: changed });
  const cache = join(work.path, 'cache');
  await expect(kernelSource(version('6.6.22'), { cache, sites: web.sites })).rejects.toMatchObject({
    message: `${web.url}${path} has the wrong checksum`,
    details: [`expected sha256 ${sha256(body)}`, `actual   sha256 ${sha256(changed)}`],
  });
  expect(await cached(cache, '')).toEqual([]);
  web.pages.set(path, { body });
  expect((await kernelSource(version('6.6.22'), { cache, sites: web.sites })).digest).toBe(sha256(body));
});

test('a cut download says how far it came and is continued by the next run', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22', { cutAfter: 100_000 });
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  await expect(kernelSource(version('6.6.22'), options)).rejects.toMatchObject({
    message: expect.stringMatching(new RegExp(`the connection was cut after \\d+ of ${body.length} bytes$`)),
    hint: 'run it again: it continues where it was cut',
  });
  const source = await kernelSource(version('6.6.22'), options);
  expect(source.digest).toBe(sha256(body));
  const [first, second] = web.hits.filter((hit) => hit.path === path);
  expect(first).toMatchObject({ range: undefined, sent: 100_000 });
  const from = Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1]);
  expect(from).toBeGreaterThan(0);
  expect(second).toMatchObject({ ifRange: '"one"', sent: body.length - from });
});

test('a server that ignores Range, or has another file by now, sends it anew', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22', { cutAfter: 100_000 });
  for (const anew of [{ ranges: false, etag: '"one"' }, { etag: '"two"' }]) {
    const options = { cache: join(work.path, `cache-${anew.etag}`), sites: web.sites };
    web.hits.length = 0;
    web.pages.set(path, { body, etag: '"one"', cutAfter: 100_000 });
    await expect(kernelSource(version('6.6.22'), options)).rejects.toThrow(/was cut/);
    web.pages.set(path, { body, ...anew });
    expect((await kernelSource(version('6.6.22'), options)).digest).toBe(sha256(body));
    expect(web.hits.filter((hit) => hit.path === path)[1]).toMatchObject({
      range: expect.stringMatching(/^bytes=/),
      sent: body.length,
    });
  }
});

test('a download that is whole but was never checked is checked', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22', { cutAfter: 1000 });
  const cache = join(work.path, 'cache');
  await expect(kernelSource(version('6.6.22'), { cache, sites: web.sites })).rejects.toThrow(/was cut/);
  const [data] = (await cached(cache, 'downloads')).filter((file) => file.endsWith('/data'));
  await writeFile(join(cache, data ?? 'none'), body);
  expect((await kernelSource(version('6.6.22'), { cache, sites: web.sites })).digest).toBe(sha256(body));
  expect(web.hits.at(-1)).toMatchObject({ range: `bytes=${body.length}-`, sent: 0 });
});

test('what a killed process has left is continued', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22', { cutAfter: 100_000 });
  const cache = join(work.path, 'cache');
  await expect(kernelSource(version('6.6.22'), { cache, sites: web.sites })).rejects.toThrow(/was cut/);
  const [part = ''] = await readdir(join(cache, 'downloads'));
  // No process has this id: it is above the kernel's limit of 2^22.
  const orphan = part.replace(/\.part$/, '.4194305-0123abcd.part');
  await rename(join(cache, 'downloads', part), join(cache, 'downloads', orphan));
  expect((await kernelSource(version('6.6.22'), { cache, sites: web.sites })).digest).toBe(sha256(body));
  expect(web.hits.at(-1)?.sent).toBeLessThan(body.length);
});

test('a server that falls silent is given up, and what came is kept', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22', { stallAfter: 100_000 });
  const options = { cache: join(work.path, 'cache'), sites: web.sites, limits: { idleMs: 200 } };
  await expect(kernelSource(version('6.6.22'), options)).rejects.toThrow(/nothing came for 0\.2 s after \d+ of \d+ bytes/);
  web.pages.set(path, { body, etag: '"one"' });
  expect((await kernelSource(version('6.6.22'), options)).digest).toBe(sha256(body));
  expect(web.hits.at(-1)?.sent).toBeLessThan(body.length);
});

test('an interrupted download ends with the reason of the interruption, and is continued', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22', { stallAfter: 100_000 });
  const stop = new AbortController();
  const report = (event: { kind: string; done?: number }) =>
    event.kind === 'progress' && (event.done ?? 0) > 0 && stop.abort(new Error('ctrl-C'));
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  await expect(kernelSource(version('6.6.22'), { ...options, signal: stop.signal, report })).rejects.toThrow('ctrl-C');
  web.pages.set(path, { body, etag: '"one"' });
  expect((await kernelSource(version('6.6.22'), options)).digest).toBe(sha256(body));
  expect(web.hits.at(-1)?.sent).toBeLessThan(body.length);
});

test('a version that there is not is said with its list, a missing file with its URL and status', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, '6.6.22');
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  await expect(kernelSource(version('6.6.99'), options)).rejects.toThrow(
    `${web.url}/kernel/v6.x/sha256sums.asc has no linux-6.6.99.tar.xz`,
  );
  await expect(kernelSource(version('5.4.1'), options)).rejects.toThrow(`${web.url}/kernel/v5.x/sha256sums.asc: HTTP status 404`);
  web.pages.delete(path);
  await expect(kernelSource(version('6.6.22'), options)).rejects.toThrow(`${web.url}${path}: HTTP status 404`);
  await expect(kernelSource(version('6.6.22'), { ...options, offline: true })).rejects.toThrow(/not in the cache/);
});

test('a refused connection, an unknown host and a silent server are each one line', async () => {
  await using work = await folder();
  const cache = join(work.path, 'cache');
  const dead = await deadUrl();
  await expect(kernelSource(version('6.6.22'), { cache, sites: { mirror: dead } })).rejects.toThrow(
    `${dead}/v6.x/sha256sums.asc: connection refused`,
  );
  await expect(kernelSource(version('6.6.22'), { cache, sites: { mirror: 'http://kernel.invalid' } })).rejects.toThrow(/DNS/);
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const mirror = `http://127.0.0.1:${(silent.address() as { port: number }).port}`;
  const stopped = kernelSource(version('6.6.22'), { cache, sites: { mirror }, limits: { connectMs: 200 } });
  await expect(stopped).rejects.toThrow(/no answer in 0\.2 s/);
  silent.close();
});

test('the newest release of a line is asked for', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, '6.6.22');
  await publish(web, work.path, '6.8.1');
  const entry = (moniker: string, text: string) => ({ moniker, version: text, iseol: false });
  const releases = [entry('stable', '6.8.1'), entry('longterm', '6.1.80'), entry('longterm', '6.6.22')];
  web.pages.set('/releases.json', { body: JSON.stringify({ releases }) });
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  expect((await kernelSource({ kind: 'release', moniker: 'longterm' }, options)).version).toBe('6.6.22');
  expect((await kernelSource({ kind: 'release', moniker: 'stable' }, options)).version).toBe('6.8.1');
  await expect(kernelSource({ kind: 'release', moniker: 'mainline' }, options)).rejects.toThrow(
    /no list with a mainline release/,
  );
});

test('two downloads of one file at once both succeed, and leave one file and one tree', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, '6.6.22');
  const cache = join(work.path, 'cache');
  const both = [1, 2, 3].map(() => kernelSource(version('6.6.22'), { cache, sites: web.sites }));
  const [one, two, three] = await Promise.all(both);
  expect(two).toEqual(one);
  expect(three).toEqual(one);
  await access(join(one?.folder ?? '', 'Makefile'));
  expect(await cached(cache, 'downloads')).toEqual([`downloads/${sha256(body)}/linux-6.6.22.tar.xz`]);
});

test('half a tree, as an interrupted removal leaves it, is replaced', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, '6.6.22');
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  const source = await kernelSource(version('6.6.22'), options);
  await rm(join(source.folder, 'Makefile'));
  await mkdir(join(source.folder, 'rest'));
  expect(await kernelSource(version('6.6.22'), { ...options })).toEqual(source);
  await access(join(source.folder, 'Makefile'));
  await expect(access(join(source.folder, 'rest'))).rejects.toThrow(/ENOENT/);
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { busyboxSource, defaultBusybox } from '../../../src/source/busybox.ts';
import { requires } from '../../requires.ts';
import { cached, deadUrl, folder, listener, type Site, sha256, site, tarball, tree } from './site.ts';

/** A release of busybox on the site. */
async function publish(on: Site, work: string, version: string): Promise<Buffer> {
  await tree(join(work, `busybox-${version}`), 'busybox', { version, payload: 1000 });
  const body = await tarball(work, `busybox-${version}`, '.tar.bz2');
  on.pages.set(`/busybox/busybox-${version}.tar.bz2`, { body });
  on.pages.set(`/busybox/busybox-${version}.tar.bz2.sha256`, { body: `${sha256(body)}  busybox-${version}.tar.bz2\n` });
  return body;
}

test('a release is checked against the checksum beside it; auto is the default release', async () => {
  await using work = await folder();
  await using web = await site();
  const body = await publish(web, work.path, defaultBusybox);
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  const source = await busyboxSource({ kind: 'version', version: defaultBusybox }, options);
  expect(source).toMatchObject({
    version: defaultBusybox,
    origin: `busybox.net ${defaultBusybox}`,
    digest: sha256(body),
    verified: 'sha256',
  });
  expect(await busyboxSource({ kind: 'auto' }, options)).toEqual(source);
});

test('a wrong checksum fails auto too, and leaves nothing', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, defaultBusybox);
  web.pages.set(`/busybox/busybox-${defaultBusybox}.tar.bz2.sha256`, {
    body: `${'0'.repeat(64)}  busybox-${defaultBusybox}.tar.bz2\n`,
  });
  const cache = join(work.path, 'cache');
  await expect(busyboxSource({ kind: 'auto' }, { cache, sites: web.sites })).rejects.toThrow(/has the wrong checksum/);
  expect(await cached(cache, '')).toEqual([]);
});

test('a checksum file without the tarball, and a line that busybox has not, are errors', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, '1.36.0');
  web.pages.set('/busybox/busybox-1.36.0.tar.bz2.sha256', { body: '<html>moved</html>' });
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  await expect(busyboxSource({ kind: 'version', version: '1.36.0' }, options)).rejects.toThrow(
    /sha256 names no busybox-1\.36\.0/,
  );
  await expect(busyboxSource({ kind: 'release', moniker: 'longterm' }, options)).rejects.toMatchObject({ exitCode: 2 });
});

test('a kernel is no busybox', async () => {
  await using work = await folder();
  const path = await tree(join(work.path, 'linux'));
  await expect(busyboxSource({ kind: 'folder', path }, { cache: work.path })).rejects.toThrow(
    /no busybox source: it has no Config.in, no applets/,
  );
});

// apt with its real configuration, against Debian's real mirror.
requires(
  'apt-get',
  'apt-cache',
  '/etc/debian_version',
)("auto falls back to Debian's source package, says why, and needs no network the next time", async () => {
  await using work = await folder();
  const heard = listener();
  const cache = join(work.path, 'cache');
  const dead = await deadUrl();
  const source = await busyboxSource({ kind: 'auto' }, { cache, sites: { busybox: dead }, report: heard.report });
  expect(source).toMatchObject({ origin: "Debian's busybox", verified: 'apt', version: expect.stringMatching(/^1\.\d+\.\d+$/) });
  expect(heard.notes()).toEqual(["busybox.net cannot be reached (connection refused): using Debian's package"]);
  expect(await cached(cache, 'downloads')).toEqual([
    expect.stringMatching(/^downloads\/[0-9a-f]{64}\/busybox_[\d.]+\.orig\.tar\.\w+$/),
  ]);
  expect(await busyboxSource({ kind: 'debian' }, { cache, offline: true })).toEqual(source);
});

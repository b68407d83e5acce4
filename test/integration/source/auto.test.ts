import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { automatic } from '../../../src/source/auto.ts';
import { kernelSource } from '../../../src/source/kernel.ts';
import { type FetchOptions, fetching } from '../../../src/source/source.ts';
import { tarballSource } from '../../../src/source/tarball.ts';
import { cached, deadUrl, folder, listener, publish, site, tarball, tree } from './site.ts';

const releases = (...versions: string[]) =>
  JSON.stringify({ releases: versions.map((version) => ({ moniker: 'longterm', version, iseol: false })) });

/** `auto` with a small local tarball in the place of Debian's, which is unpacked to more than 1 GB. */
async function auto(work: string, options: FetchOptions) {
  await mkdir(work, { recursive: true });
  await tree(join(work, 'linux-6.1'), 'kernel', { version: '6.1.80', payload: 1000 });
  const path = join(work, 'linux-source-6.1.tar.xz');
  await writeFile(path, await tarball(work, 'linux-6.1'));
  const ways = fetching(options);
  return automatic(
    {
      program: 'kernel',
      wish: 'auto',
      site: 'kernel.org',
      first: (hasty) => kernelSource({ kind: 'release', moniker: 'longterm' }, { ...options, limits: hasty.limits }),
      second: (patient) => tarballSource(path, 'kernel', patient, { origin: "Debian's linux-source-6.1", verified: 'apt' }),
    },
    ways,
  );
}

test('auto takes the newest longterm release, and keeps to it for a day', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, '6.6.22');
  web.pages.set('/releases.json', { body: releases('6.6.22') });
  const options = { cache: join(work.path, 'cache'), sites: web.sites };
  const source = await kernelSource({ kind: 'auto' }, options);
  expect(source).toMatchObject({ version: '6.6.22', origin: 'kernel.org 6.6.22' });
  web.hits.length = 0;
  web.pages.set('/releases.json', { body: releases('6.6.23') });
  expect(await kernelSource({ kind: 'auto' }, options)).toEqual(source);
  expect(web.hits).toEqual([]);
});

test('auto falls back and says why, also the next time', async () => {
  await using work = await folder();
  const dead = await deadUrl();
  const heard = listener();
  const options = {
    cache: join(work.path, 'cache'),
    sites: { mirror: dead, releases: `${dead}/releases.json` },
    report: heard.report,
  };
  const source = await auto(work.path, options);
  expect(source).toMatchObject({ version: '6.1.80', origin: "Debian's linux-source-6.1", verified: 'apt' });
  expect(heard.notes()).toEqual(["kernel.org cannot be reached (connection refused): using Debian's package"]);
  expect(await auto(work.path, options)).toEqual(source);
  expect(heard.notes().at(-1)).toBe("kernel.org cannot be reached (connection refused): using Debian's linux-source-6.1");
});

test('auto falls back when the answer is no list of releases, or the site has none', async () => {
  await using work = await folder();
  await using web = await site();
  for (const body of ['<html>log in to this network</html>', undefined]) {
    const heard = listener();
    if (body === undefined) web.pages.delete('/releases.json');
    else web.pages.set('/releases.json', { body });
    const options = { cache: join(work.path, `cache-${body === undefined}`), sites: web.sites, report: heard.report };
    expect((await auto(join(work.path, 'debian'), options)).version).toBe('6.1.80');
    expect(heard.notes()[0]).toMatch(body === undefined ? /HTTP status 404/ : /the answer is no list with a longterm release/);
  }
});

test('auto does not fall back from a wrong checksum or a cut download', async () => {
  await using work = await folder();
  await using web = await site();
  await publish(web, work.path, '6.6.22', { cutAfter: 1000 });
  web.pages.set('/releases.json', { body: releases('6.6.22') });
  const cache = join(work.path, 'cache');
  await expect(auto(work.path, { cache, sites: web.sites })).rejects.toThrow(/was cut/);
  web.pages.set('/kernel/v6.x/linux-6.6.22.tar.xz', { body: 'something else' });
  await expect(auto(work.path, { cache, sites: web.sites })).rejects.toThrow(/wrong checksum/);
  expect(await cached(cache, '')).toEqual([]);
});

import { EulabError, status } from '../errors.ts';
import { automatic } from './auto.ts';
import { sha256For } from './checksums.ts';
import { debianBusybox } from './debian-busybox.ts';
import { download } from './download.ts';
import { folderSource } from './folder.ts';
import { gitSource } from './git.ts';
import { getText, Unreachable } from './http.ts';
import { recall, remember } from './records.ts';
import { type Fetching, type FetchOptions, fetching, type Source } from './source.ts';
import type { SourceSpec } from './spec.ts';
import { tarballSource, unpack } from './tarball.ts';

/** The busybox that `auto` takes. */
export const defaultBusybox = '1.36.1';

/**
 * The busybox source that was asked for: fetched, checked and unpacked, or from the cache when it was before.
 *
 * `auto` is release 1.36.1 of busybox.net, or the release that Debian ships when busybox.net does not answer.
 *
 * @throws EulabError when it cannot be had; the cache is then as it was, but for what a cut download has left.
 */
export async function busyboxSource(spec: SourceSpec, options: FetchOptions): Promise<Source> {
  const ways = fetching(options);
  switch (spec.kind) {
    case 'auto':
      return automatic(
        {
          program: 'busybox',
          wish: `auto ${ways.sites.busybox} ${defaultBusybox}`,
          site: 'busybox.net',
          first: (hasty) => busyboxRelease(defaultBusybox, hasty),
          second: debianBusybox,
        },
        ways,
      );
    case 'version':
      return busyboxRelease(spec.version, ways);
    case 'release':
      throw new EulabError(`busybox has no ${spec.moniker} line`, {
        hint: 'give a version such as 1.36.1',
        exitCode: status.usage,
      });
    case 'tarball':
      return tarballSource(spec.path, 'busybox', ways);
    case 'folder':
      return folderSource(spec.path, 'busybox');
    case 'git':
      return gitSource(spec, 'busybox', ways);
    case 'debian':
      return debianBusybox(ways);
  }
}

/**
 * A release of busybox, its tarball checked against the .sha256 beside it.
 *
 * @throws as `download` and `unpack`; EulabError when the .sha256 does not name the tarball.
 */
async function busyboxRelease(version: string, fetching: Fetching): Promise<Source> {
  const name = `busybox-${version}.tar.bz2`;
  const url = `${fetching.sites.busybox.replace(/\/+$/, '')}/${name}`;
  const wish = `release ${url}`;
  const known = await recall(fetching.cache, 'busybox', wish);
  if (known !== undefined) return known.source;
  if (fetching.offline) throw new Unreachable(url, 'the network is not to be used', undefined);
  fetching.report({ kind: 'step', text: `asking ${url}.sha256` });
  const sha256 = sha256For(await getText(`${url}.sha256`, fetching), name);
  if (sha256 === undefined) throw new EulabError(`${url}.sha256 names no ${name}`, { hint: 'another mirror may do better' });
  const path = await download({ url, sha256, name }, fetching);
  const tree = await unpack({ path, digest: sha256 }, 'busybox', fetching);
  return remember(fetching.cache, 'busybox', wish, {
    ...tree,
    origin: `busybox.net ${version}`,
    digest: sha256,
    verified: 'sha256',
  });
}

import { EulabError } from '../errors.ts';
import { sha256For } from './checksums.ts';
import { download } from './download.ts';
import { gitSource } from './git.ts';
import { getText, Unreachable } from './http.ts';
import { recall, remember } from './records.ts';
import { newest, seriesUrl } from './releases.ts';
import { signedText } from './signature.ts';
import type { Fetching, Source } from './source.ts';
import type { Moniker } from './spec.ts';
import { unpack } from './tarball.ts';

/**
 * A release of the kernel, its tarball checked against the sha256sums.asc beside it, and that against its signature when
 * gpg has the key; a release candidate is fetched by its tag from the git repository, as it has no checksums.
 *
 * @throws as `download`, `signedText` and `unpack`; EulabError when the list does not have the version.
 */
export async function kernelRelease(version: string, fetching: Fetching): Promise<Source> {
  if (version.includes('-rc')) return gitSource({ url: fetching.sites.git, ref: `v${version}` }, 'kernel', fetching);
  const series = seriesUrl(version, fetching.sites.mirror);
  const name = `linux-${version}.tar.xz`;
  const wish = `release ${series}/${name}`;
  const known = await recall(fetching.cache, 'kernel', wish);
  if (known !== undefined) return known.source;
  if (fetching.offline)
    throw new EulabError(`the source of Linux ${version} is not in the cache`, { hint: 'run it once with the network' });
  const list = `${series}/sha256sums.asc`;
  fetching.report({ kind: 'step', text: `asking ${list}` });
  const signed = await signedText(await getText(list, fetching), list, fetching);
  const sha256 = sha256For(signed.text, name);
  if (sha256 === undefined) {
    throw new EulabError(`${list} has no ${name}`, { hint: `the versions there are stand in ${series}/` });
  }
  const path = await download({ url: `${series}/${name}`, sha256, name }, fetching);
  fetching.report({
    kind: 'note',
    text: signed.checked
      ? `${name}: checksum and signature are good`
      : `${name}: the checksum is good, its signature was not checked (${signed.why})`,
  });
  const tree = await unpack({ path, digest: sha256 }, 'kernel', fetching);
  const verified = signed.checked ? 'signature' : 'sha256';
  return remember(fetching.cache, 'kernel', wish, { ...tree, origin: `kernel.org ${version}`, digest: sha256, verified });
}

/**
 * The newest version of a line of development, as kernel.org has it now.
 *
 * @throws Unreachable when there is no answer, or one that is no list of releases; Refused as `get`.
 */
export async function newestRelease(moniker: Moniker, fetching: Fetching): Promise<string> {
  const { releases } = fetching.sites;
  if (fetching.offline) throw new Unreachable(releases, 'the network is not to be used', undefined);
  fetching.report({ kind: 'step', text: `asking ${releases} for the newest ${moniker} kernel` });
  const text = await getText(releases, fetching);
  const version = newest(parsed(text), moniker);
  if (version === undefined)
    throw new Unreachable(releases, `the answer is no list with a ${moniker} release`, text.slice(0, 200));
  return version;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

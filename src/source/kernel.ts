import { automatic } from './auto.ts';
import { debianKernel } from './debian.ts';
import { folderSource } from './folder.ts';
import { gitSource } from './git.ts';
import { kernelRelease, newestRelease } from './kernel-org.ts';
import { type Fetching, type FetchOptions, fetching, type Source } from './source.ts';
import type { SourceSpec } from './spec.ts';
import { tarballSource } from './tarball.ts';

/**
 * The kernel source that was asked for: fetched, checked and unpacked, or from the cache when it was before.
 *
 * `auto` is the newest longterm release of kernel.org, or Debian's linux-source package when kernel.org does not answer.
 *
 * @throws EulabError when it cannot be had; the cache is then as it was, but for what a cut download has left.
 */
export async function kernelSource(spec: SourceSpec, options: FetchOptions): Promise<Source> {
  const ways = fetching(options);
  switch (spec.kind) {
    case 'auto':
      return automatic(
        {
          program: 'kernel',
          wish: `auto ${ways.sites.releases} ${ways.sites.mirror}`,
          site: 'kernel.org',
          first: newestLongterm,
          second: debianKernel,
        },
        ways,
      );
    case 'version':
      return kernelRelease(spec.version, ways);
    case 'release':
      return kernelRelease(await newestRelease(spec.moniker, ways), ways);
    case 'tarball':
      return tarballSource(spec.path, 'kernel', ways);
    case 'folder':
      return folderSource(spec.path, 'kernel');
    case 'git':
      return gitSource(spec, 'kernel', ways);
    case 'debian':
      return debianKernel(ways);
  }
}

async function newestLongterm(ways: Fetching): Promise<Source> {
  return kernelRelease(await newestRelease('longterm', ways), ways);
}

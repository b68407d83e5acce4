import { tmpdir } from 'node:os';
import { usualArch } from '../architectures.ts';
import { EulabError } from '../errors.ts';
import { locate, missing, probe } from '../exec.ts';
import { programs } from '../kernel/build.ts';
import { toolsFor } from '../ramdisk/programs.ts';
import { installedTarball } from '../source/debian.ts';
import { getText } from '../source/http.ts';
import { scratch } from '../source/scratch.ts';
import { defaultSites } from '../source/source.ts';
import { engineChecks } from './engine-checks.ts';
import type { Examination, Lack } from './host.ts';

/** How long a site has to answer. */
const connectMs = 4000;

/** What `eulab build` needs. */
export const buildChecks: readonly Examination[] = [
  ...engineChecks,
  {
    name: 'toolchain',
    group: 'build',
    costs: '--engine host cannot build',
    bad: 'warning',
    look: async ({ env }) => {
      const wanted = [...new Set([...programs, ...toolsFor(usualArch, false)])];
      const [first, ...others] = wanted.filter((tool) => locate(tool, env) === undefined);
      if (first !== undefined) throw missing(first, ...others);
      return `${wanted.join(', ')} are here`;
    },
  },
  {
    name: 'ccache',
    group: 'build',
    costs: 'with --engine host, what was compiled once is compiled again in another tree',
    bad: 'warning',
    look: async ({ env, signal }) => {
      if (locate('ccache', env) === undefined) throw missing('ccache');
      const { stdout } = await probe({ file: 'ccache', args: ['--version'] }, { signal });
      return stdout.split('\n')[0]?.replace('ccache ', '') ?? '';
    },
  },
  {
    name: 'sources',
    group: 'build',
    costs: 'no source of a kernel can be fetched',
    bad: 'warning',
    look: async ({ releases, signal }) => {
      const limits = { connectMs, idleMs: connectMs };
      const site = releases ?? defaultSites.releases;
      try {
        await getText(site, { limits, signal });
        return `${new URL(site).host} answers`;
      } catch (error) {
        if (!(error instanceof EulabError)) throw error;
        return await otherSources(error, signal);
      }
    },
  },
];

/** What is left when kernel.org does not answer: Debian's packages, or a source that is installed. */
async function otherSources(refused: EulabError, signal: AbortSignal): Promise<Lack> {
  const why = refused.message;
  if (await aptAnswers(signal)) {
    return {
      found: `${why}; apt's packages can be fetched`,
      costs: "the newest kernel there is is Debian's: --source VERSION fails",
    };
  }
  const source = await installedTarball('/usr/src', { signal });
  if (source !== undefined) {
    return { found: `${why}; ${source.package} is installed`, costs: 'no other kernel than that can be built' };
  }
  return {
    found: `${why}; nor do apt's packages come`,
    hint: 'see to the network, and to http_proxy and https_proxy; a folder or a tarball needs none: eulab build kernel --source FOLDER',
  };
}

/** Whether apt fetches a small file from its first site, by its own way and its own proxies. */
async function aptAnswers(signal: AbortSignal): Promise<boolean> {
  const helper = '/usr/lib/apt/apt-helper';
  if (locate(helper) === undefined || locate('apt-get') === undefined) return false;
  const uri = ['--format', '$(SITE)/dists/$(RELEASE)/Release.gpg', 'Created-By: Packages'];
  const { stdout } = await probe({ file: 'apt-get', args: ['indextargets', ...uri] }, { signal, timeoutMs: 10_000 });
  const [first] = stdout.split('\n');
  if (!first) return false;
  await using folder = await scratch(tmpdir());
  const options = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=4', '-o', 'APT::Sandbox::User='];
  const args = [...options, 'download-file', first, `${folder.path}/file`];
  return (await probe({ file: helper, args }, { signal, timeoutMs: 3 * connectMs })).code === 0;
}

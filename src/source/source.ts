import type { Report } from '../report.ts';

/**
 * What stands behind a source: a good PGP signature over its checksum, the checksum its site publishes, apt's chain of
 * signed indexes, git's object ids, or nothing but the user's word.
 */
export type Verified = 'signature' | 'sha256' | 'apt' | 'git' | 'none';

/** An unpacked source tree, ready to be built from and never written to. */
export interface Source {
  readonly folder: string;
  /** As the tree's own Makefile says it: "6.6.22", "6.7.0-rc3". */
  readonly version: string;
  /** For people: "kernel.org 6.6.22", "Debian's linux-source-6.1". */
  readonly origin: string;
  /** The sha256 of the tarball, or the id of the git tree; undefined for a folder, which may change at any time. */
  readonly digest: string | undefined;
  readonly verified: Verified;
}

/** Where things are fetched from. */
export interface Sites {
  /** Holds v6.x/linux-6.6.22.tar.xz and v6.x/sha256sums.asc. */
  readonly mirror: string;
  /** What the newest releases are. */
  readonly releases: string;
  /** The primary key that signs sha256sums.asc: its whole fingerprint. */
  readonly signer: string;
  /** Release candidates exist as tags only. */
  readonly git: string;
  /** Holds busybox-1.36.1.tar.bz2 and busybox-1.36.1.tar.bz2.sha256. */
  readonly busybox: string;
}

/** @see https://www.kernel.org/signature.html for the signer, "Kernel.org checksum autosigner" */
export const defaultSites: Sites = {
  mirror: 'https://cdn.kernel.org/pub/linux/kernel',
  releases: 'https://www.kernel.org/releases.json',
  signer: 'B8868C80BA62A1FFFAF5FDA9632D3A06589DA6B1',
  git: 'https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git',
  busybox: 'https://busybox.net/downloads',
};

/** How long the network may be silent. */
export interface Limits {
  /** From the request to the first line of the reply. */
  readonly connectMs: number;
  /** Between two pieces of the reply. */
  readonly idleMs: number;
}

/** How sources are fetched; all but the cache has a default. */
export interface FetchOptions {
  /** Holds downloads/, sources/ and git/. */
  readonly cache: string;
  readonly sites?: Partial<Sites>;
  readonly limits?: Partial<Limits>;
  /** Use what the cache holds and never the network. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

/** The same with the defaults filled in. */
export interface Fetching {
  readonly cache: string;
  readonly sites: Sites;
  readonly limits: Limits;
  readonly offline: boolean;
  readonly signal: AbortSignal | undefined;
  readonly report: Report;
}

/** The options with every default filled in. Pure. */
export function fetching(options: FetchOptions): Fetching {
  return {
    cache: options.cache,
    sites: { ...defaultSites, ...options.sites },
    limits: { connectMs: 15_000, idleMs: 30_000, ...options.limits },
    offline: options.offline ?? false,
    signal: options.signal,
    report: options.report ?? (() => undefined),
  };
}

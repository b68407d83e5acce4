import type { Moniker } from './spec.ts';

/**
 * The newest version of a line of development in kernel.org's releases.json, "6.12.57" or "6.18-rc6"; undefined when it
 * has none or is no such list. Pure.
 *
 * Lines that have reached their end are passed over while another is left.
 *
 * @see https://www.kernel.org/releases.json
 */
export function newest(list: unknown, moniker: Moniker): string | undefined {
  const all = releases(list).filter((release) => release.moniker === moniker);
  const alive = all.filter((release) => !release.ended);
  const [first] = (alive.length > 0 ? alive : all).map(({ version }) => version).sort((a, b) => order(b, a));
  return first ?? (moniker === 'stable' ? latestStable(list) : undefined);
}

/** Positive when `a` is newer than `b`; a release candidate is older than its release. Pure. */
export function order(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The folder of a version's series on a mirror, without a slash at its end: v6.x, v2.6. Pure. */
export function seriesUrl(version: string, mirror: string): string {
  const [major = '', minor = ''] = version.split('.');
  return `${mirror.replace(/\/+$/, '')}/${Number(major) < 3 ? `v${major}.${minor}` : `v${major}.x`}`;
}

interface Release {
  readonly moniker: string;
  readonly version: string;
  readonly ended: boolean;
}

const versionForm = /^\d+\.\d+(\.\d+)?(-rc\d+)?$/;

function releases(list: unknown): Release[] {
  if (!isRecord(list) || !Array.isArray(list['releases'])) return [];
  return list['releases'].flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { moniker, version, iseol } = entry;
    // The version becomes a part of a URL and of a path.
    if (typeof moniker !== 'string' || typeof version !== 'string' || !versionForm.test(version)) return [];
    return [{ moniker, version, ended: iseol === true }];
  });
}

function latestStable(list: unknown): string | undefined {
  const latest = isRecord(list) ? list['latest_stable'] : undefined;
  const version = isRecord(latest) ? latest['version'] : undefined;
  return typeof version === 'string' && versionForm.test(version) ? version : undefined;
}

/** 6.18-rc6 as 6, 18, 0, -1, 6 and 6.18.2 as 6, 18, 2, 0, 0. */
function numbers(version: string): number[] {
  const [base = '', candidate] = version.split('-rc');
  const [major = 0, minor = 0, patch = 0] = base.split('.').map(Number);
  return [major, minor, patch, ...(candidate === undefined ? [0, 0] : [-1, Number(candidate)])];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Input, Provenance } from '../artifacts/provenance.ts';
import { fileDigest } from '../digest.ts';
import type { Report } from '../report.ts';
import { busyboxSource } from '../source/busybox.ts';
import { changedPaths, folderHash, keptFiles } from '../source/folder-hash.ts';
import { kernelSource } from '../source/kernel.ts';
import type { Sites } from '../source/source.ts';
import { parseSource } from '../source/spec.ts';
import { version } from '../version.ts';
import type { Workspace } from '../workspace.ts';
import type { Finding } from './finding.ts';

/** So many files are named; of more it is said how many. */
const mostNamed = 10;

/** Where things are looked for. */
export interface Places {
  /** The user's. */
  readonly workspace: Workspace;
  /** The empty one in which it is built again. */
  readonly own: Workspace;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The files, eulab's own and the user's, that are not any more what went into a product. */
export async function changedFiles({ inputs, maker }: Provenance, { workspace }: Places): Promise<Finding[]> {
  const found = await Promise.all(
    inputs.map(async ({ role, name, digest, facts }): Promise<Finding[]> => {
      if (role !== 'eulab' && role !== 'file') return [];
      const path = role === 'eulab' ? join(workspace.home, name) : resolve(workspace.root, facts?.['path'] ?? name);
      const now = await fileDigest(path).catch(() => undefined);
      if (now === digest?.['sha256']) return [];
      const by = role === 'eulab' && maker !== version() ? `, by eulab ${maker}` : '';
      const what = now === undefined ? 'cannot be read any more' : `has other bytes than when it was built${by}`;
      return [{ kind: 'input', name: path, what }];
    }),
  );
  return found.flat();
}

/** The source to build from again, as --source takes it, or what is not as it was. */
export type SourceAgain = { readonly text: string } | { readonly findings: readonly Finding[] };

/**
 * The source that a record names: a tarball is unpacked anew into the own workspace; a folder is used where it is, if all of its files
 * are as they were. `unpacked` is the tree that the product was made from, if it came of a tarball.
 *
 * @throws EulabError when it cannot be had.
 */
export async function sourceAgain(
  input: Input,
  { unpacked, sites }: { readonly unpacked: string | undefined; readonly sites: Partial<Sites> },
  places: Places,
): Promise<SourceAgain> {
  const { workspace, own, report, signal } = places;
  const spec = input.facts?.['spec'] ?? '';
  const was = input.digest ?? {};
  if (was['dirHash'] !== undefined) return await folderAgain(spec, was['dirHash'], places);
  const kept = was['sha256'] === undefined ? undefined : await tarball(workspace.cache, was['sha256'], spec);
  const text = kept ?? spec;
  if (text.startsWith('/') && (await stat(text).catch(() => undefined)) === undefined) {
    return { findings: [{ kind: 'input', name: text, what: 'is not there any more' }] };
  }
  const program = input.name === 'busybox' ? 'busybox' : 'kernel';
  const get = program === 'busybox' ? busyboxSource : kernelSource;
  const source = await get(parseSource(text, program), { sites, cache: own.cache, report, signal });
  const now = source.digest;
  if (now !== (was['sha256'] ?? was['gitTree'])) {
    const what = `it is another one by now: ${source.origin}, ${now ?? 'a folder'}, and was ${was['sha256'] ?? was['gitTree']}`;
    return { findings: [{ kind: 'input', name: spec, what }] };
  }
  const findings = unpacked === undefined ? [] : await tampered(unpacked, source.folder, places);
  return findings.length > 0 ? { findings } : { text };
}

async function folderAgain(folder: string, was: string, { workspace, report, signal }: Places): Promise<SourceAgain> {
  const path = resolve(folder);
  report({ kind: 'step', text: `looking at the files of ${path}` });
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return { findings: [{ kind: 'input', name: path, what: 'is not there any more' }] };
  const before = keptFiles(path, workspace.cache, was);
  const { hash, files } = await folderHash(path, workspace.cache, signal);
  if (hash === was) return { text: folder };
  const changed = before === undefined ? [] : changedPaths(before, files);
  if (changed.length > 0) return { findings: named(path, changed, 'has other bytes than when it was built') };
  return {
    findings: [{ kind: 'input', name: path, what: `its files have changed since it was built (dirHash ${hash}, was ${was})` }],
  };
}

/** The files of the tree that was built from which are not those of its tarball. */
async function tampered(unpacked: string, fresh: string, { workspace, own, report, signal }: Places): Promise<Finding[]> {
  if (!unpacked.startsWith(`${workspace.cache}/`) || (await stat(unpacked).catch(() => undefined)) === undefined) return [];
  report({ kind: 'step', text: `comparing ${unpacked} with what its tarball has` });
  const before = await folderHash(fresh, own.cache, signal);
  const now = await folderHash(unpacked, workspace.cache, signal);
  return now.hash === before.hash ? [] : named(unpacked, changedPaths(before.files, now.files), 'is not what the tarball has');
}

function named(folder: string, paths: readonly string[], what: string): Finding[] {
  const first = paths.slice(0, mostNamed).map((path): Finding => ({ kind: 'input', name: join(folder, path), what }));
  const rest = paths.length - first.length;
  return rest === 0 ? first : [...first, { kind: 'input', name: folder, what: `and ${rest} files more` }];
}

/** A tarball of that digest: the user's own if it is still that, or the one in the cache. */
async function tarball(cache: string, digest: string, spec: string): Promise<string | undefined> {
  const folder = join(cache, 'downloads', digest);
  const names = await readdir(folder).catch(() => []);
  const places = [...(spec.startsWith('/') ? [spec] : []), ...names.map((name) => join(folder, name))];
  for (const place of places) if ((await fileDigest(place).catch(() => '')) === digest) return place;
  return undefined;
}

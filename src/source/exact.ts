import { resolve } from 'node:path';
import type { Source } from './source.ts';
import type { SourceSpec } from './spec.ts';
import type { Program } from './tree.ts';

/** A source as it is written down, so that it can be had again. */
export interface ExactSource {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * A source by what never changes of it: `spec` names it for --source, without a word such as `auto` that means another one tomorrow.
 * `hash` is that of a folder's files. Pure.
 */
export function exactSource(spec: SourceSpec, source: Source, program: Program, hash: string | undefined): ExactSource {
  const { version, origin, verified } = source;
  const facts = { version, origin, verified, spec: exactSpec(spec, source) };
  const name = program === 'kernel' ? 'linux' : program;
  switch (spec.kind) {
    case 'folder':
      return { uri: fileUri(resolve(spec.path)), digest: digestOf('dirHash', hash), facts };
    case 'tarball':
      return { uri: fileUri(resolve(spec.path)), digest: digestOf('sha256', source.digest), facts };
    case 'git':
      return { uri: `git+${spec.url}#${spec.ref}`, digest: digestOf('gitTree', source.digest), facts };
    default:
      return { uri: `pkg:generic/${name}@${version}`, digest: digestOf('sha256', source.digest), facts };
  }
}

function exactSpec(spec: SourceSpec, { origin }: Source): string {
  switch (spec.kind) {
    case 'folder':
      return `${resolve(spec.path)}/`;
    case 'tarball':
      return resolve(spec.path);
    case 'git':
      return `git+${spec.url}#${spec.ref}`;
    default:
      // "kernel.org 6.6.22"; else it is Debian's.
      return /^[a-z.]+ (\d\S*)$/.exec(origin)?.[1] ?? 'debian';
  }
}

function digestOf(algorithm: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [algorithm]: value };
}

/** A path as a URI. Pure. */
export function fileUri(path: string): string {
  return `file:${path.startsWith('/') ? '//' : ''}${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`;
}

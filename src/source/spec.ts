import { EulabError, status } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** What the user asked for with --source, or with the like option for busybox. */
export type SourceSpec =
  | { readonly kind: 'auto' }
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'release'; readonly moniker: Moniker }
  | { readonly kind: 'tarball'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'git'; readonly url: string; readonly ref: string }
  | { readonly kind: 'debian' };

/** The lines of development as kernel.org names them. */
export type Moniker = 'mainline' | 'stable' | 'longterm';

const words: ReadonlyMap<string, SourceSpec> = new Map<string, SourceSpec>([
  ['auto', { kind: 'auto' }],
  ['debian', { kind: 'debian' }],
  ['latest-lts', { kind: 'release', moniker: 'longterm' }],
  ['latest-longterm', { kind: 'release', moniker: 'longterm' }],
  ['latest-stable', { kind: 'release', moniker: 'stable' }],
  ['latest-mainline', { kind: 'release', moniker: 'mainline' }],
]);

const forms = {
  kernel:
    'auto, debian, a version such as 6.6.22, latest-lts, latest-stable, latest-mainline, a tarball (linux-6.6.22.tar.xz), ' +
    'a folder (./linux), a git URL with a ref (git+https://host/linux.git#v6.6)',
  busybox:
    'auto, debian, a version such as 1.36.1, a tarball (busybox-1.36.1.tar.bz2), a folder (./busybox), ' +
    'a git URL with a ref (git+https://host/busybox.git#1_36_1)',
};

/**
 * The source that a text names. Pure: whether a file or a ref exists is seen when it is fetched.
 *
 * A path is what holds a slash or ends like a tarball; a git URL is what begins with `git+` or ends in `.git`, and its
 * ref, after `#`, is HEAD unless given. `v6.6.22` is 6.6.22 and 6.6.0 is 6.6, as kernel.org's tarballs are named.
 *
 * @throws EulabError (2) when the text is none of the forms, with the nearest word.
 */
export function parseSource(text: string, program: 'kernel' | 'busybox' = 'kernel'): SourceSpec {
  const word = words.get(text);
  if (word !== undefined && (program === 'kernel' || word.kind !== 'release')) return word;
  if (/^v?\d+(\.\d+)+(-rc\d+)?$/.test(text)) return { kind: 'version', version: version(text, program) };
  const git = gitSource(text);
  if (git !== undefined) return git;
  if (/^[a-z]+:\/\//.test(text)) {
    throw new EulabError(`${text} is neither a release nor a git repository`, {
      hint: `fetch it yourself and name the file, or write git+${text}#REF for a repository`,
      exitCode: status.usage,
    });
  }
  if (/\.(tar|tar\.\w+|tgz|txz|tbz2?|tzst)$/.test(text)) return { kind: 'tarball', path: text };
  if (text.includes('/') || text === '.' || text === '..') return { kind: 'folder', path: text };
  throw unknown(text, program);
}

function version(text: string, program: 'kernel' | 'busybox'): string {
  const plain = text.replace(/^v/, '');
  return program === 'kernel' ? plain.replace(/^([3-9]|\d\d+)\.(\d+)\.0$/, '$1.$2') : plain;
}

function gitSource(text: string): SourceSpec | undefined {
  const [, prefix, url, ref] = /^(git\+)?([^#]+)(?:#(.*))?$/.exec(text) ?? [];
  if (url === undefined || (prefix === undefined && !/\.git\/?$/.test(url))) return undefined;
  // A leading dash would be an option to git, and the others would make of a ref an expression or a refspec.
  if (url.startsWith('-') || (ref !== undefined && !/^[^-\s:^~?*[\\][^\s:^~?*[\\]*$/.test(ref))) {
    throw new EulabError(`${text}: no git URL with a ref`, {
      hint: 'such as git+https://host/linux.git#v6.6',
      exitCode: status.usage,
    });
  }
  return { kind: 'git', url, ref: ref ?? 'HEAD' };
}

function unknown(text: string, program: 'kernel' | 'busybox'): EulabError {
  const known = [...words].filter(([, spec]) => program === 'kernel' || spec.kind !== 'release').map(([word]) => word);
  const near = nearest(text, known);
  const meant = near === undefined ? '' : `did you mean ${near}? `;
  return new EulabError(`'${text}' names no ${program} source`, {
    hint: `${meant}The forms are: ${forms[program]}`,
    exitCode: status.usage,
  });
}

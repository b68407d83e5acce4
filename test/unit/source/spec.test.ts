import { expect, test } from 'vitest';
import { EulabError } from '../../../src/errors.ts';
import { parseSource } from '../../../src/source/spec.ts';

test.each([
  ['auto', { kind: 'auto' }],
  ['debian', { kind: 'debian' }],
  ['latest-lts', { kind: 'release', moniker: 'longterm' }],
  ['latest-stable', { kind: 'release', moniker: 'stable' }],
  ['latest-mainline', { kind: 'release', moniker: 'mainline' }],
  ['6.6.22', { kind: 'version', version: '6.6.22' }],
  ['v6.6.22', { kind: 'version', version: '6.6.22' }],
  ['6.6.0', { kind: 'version', version: '6.6' }],
  ['6.10.10', { kind: 'version', version: '6.10.10' }],
  ['2.6.0', { kind: 'version', version: '2.6.0' }],
  ['6.7-rc3', { kind: 'version', version: '6.7-rc3' }],
  ['git+https://host/linux#v6.6', { kind: 'git', url: 'https://host/linux', ref: 'v6.6' }],
  ['https://host/linux.git', { kind: 'git', url: 'https://host/linux.git', ref: 'HEAD' }],
  ['git@host:linux.git#next/topic', { kind: 'git', url: 'git@host:linux.git', ref: 'next/topic' }],
  ['../bare.git#main', { kind: 'git', url: '../bare.git', ref: 'main' }],
  ['linux-6.6.22.tar.xz', { kind: 'tarball', path: 'linux-6.6.22.tar.xz' }],
  ['../down/linux.tar', { kind: 'tarball', path: '../down/linux.tar' }],
  ['linux.tgz', { kind: 'tarball', path: 'linux.tgz' }],
  ['./linux', { kind: 'folder', path: './linux' }],
  ['/usr/src/6.6', { kind: 'folder', path: '/usr/src/6.6' }],
  ['.', { kind: 'folder', path: '.' }],
])('%s', (text, spec) => {
  expect(parseSource(text)).toEqual(spec);
});

test('busybox keeps a zero at the end of its version', () => {
  expect(parseSource('1.36.0', 'busybox')).toEqual({ kind: 'version', version: '1.36.0' });
  expect(parseSource('3.1.0', 'busybox')).toEqual({ kind: 'version', version: '3.1.0' });
});

test.each([
  ['latets-lts', 'kernel', /did you mean latest-lts\?.*6\.6\.22/],
  ['debain', 'busybox', /did you mean debian\?.*1\.36\.1/],
  ['latest-lts', 'busybox', /^The forms are: auto, debian/],
  ['linux', 'kernel', /^The forms are: auto/],
  ['', 'kernel', /The forms are: auto/],
  ['https://host/linux-6.6.tar.xz', 'kernel', /fetch it yourself/],
  ['git+https://host/x#', 'kernel', /such as git\+https/],
  ['git+https://host/x#--upload-pack=id', 'kernel', /such as git\+https/],
  ['git+--upload-pack=id#x', 'kernel', /such as git\+https/],
  ['x.git#a:b', 'kernel', /such as git\+https/],
] as const)('%s is no source of %s', (text, program, hint) => {
  const error = caught(() => parseSource(text, program));
  expect(error).toBeInstanceOf(EulabError);
  expect(error).toMatchObject({ exitCode: 2, hint: expect.stringMatching(hint) });
});

function caught(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

import { expect, test } from 'vitest';
import { madison, sourcePackages } from '../../../src/source/apt-sources.ts';

const debian = {
  name: 'debian.sources',
  text: `# The main archive.
Types: deb
# as of today
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://mirror.example/debian
Suites: sid
Components: main
`,
};
const vendor = {
  name: 'vendor.sources',
  text: 'Types: deb\nURIs: https://vendor.example/apt\nSuites: stable\nComponents: main\n',
};
const list = {
  name: 'sources.list',
  text: '# deb http://old/ x main\ndeb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian/ bookworm main # here\ndeb-src http://mirror.example/debian bookworm main\ndeb cdrom:[x]/ bookworm main\n',
};

test('of each enabled stanza on the sites only the types change', () => {
  const { sources, list: lines } = sourcePackages(
    [debian, vendor],
    ['http://mirror.example/debian', 'http://mirror.example/debian-security'],
  );
  expect(lines).toBe('');
  expect(sources).toBe(`Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
`);
});

test('without sites every enabled entry is taken', () => {
  expect(sourcePackages([vendor]).sources).toContain('https://vendor.example/apt');
});

test('one-line entries keep their options', () => {
  expect(sourcePackages([list], ['http://mirror.example/debian']).list).toBe(
    'deb-src [signed-by=/k.gpg arch=amd64] http://mirror.example/debian/ bookworm main\ndeb-src http://mirror.example/debian bookworm main\n',
  );
});

test('a site that serves nothing gives nothing', () => {
  expect(sourcePackages([debian, list], ['http://other.example/debian'])).toEqual({ sources: '', list: '' });
});

test('madison names the newest version and the sites', () => {
  const text =
    '   busybox | 1:1.36.1-9 | http://mirror.example/debian trixie/main amd64 Packages\n' +
    '   busybox | 1:1.35.0-4 | http://mirror/debian bookworm/main amd64 Packages\n';
  expect(madison(text)).toEqual({ version: '1:1.36.1-9', uris: ['http://mirror.example/debian', 'http://mirror/debian'] });
  expect(madison('')).toEqual({ version: undefined, uris: [] });
});

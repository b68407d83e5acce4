import { expect, test } from 'vitest';
import { packagesOf, parseProvenance, programsOf, type Recipe, renderProvenance } from '../../../src/artifacts/provenance.ts';

const sha256 = 'a'.repeat(64);
const recipe: Recipe = {
  product: 'kernel',
  asked: { source: 'auto', set: ['CONFIG_X=y'], epoch: 0, lenient: false, sites: { mirror: 'http://127.0.0.1/' } },
  settled: { version: '6.1', config: 'CONFIG_X=y\n' },
  inputs: [
    { role: 'source', name: 'linux', uri: 'pkg:generic/linux@6.1', digest: { sha256 }, facts: { spec: '6.1' } },
    { role: 'eulab', name: 'utils/kernel/build', uri: undefined, digest: { sha256 }, facts: {} },
  ],
  maker: '0.1.0',
};
const files = [
  { path: 'vmlinux', bytes: 1, mtimeMs: 2, sha256 },
  { path: 'bzImage', bytes: 1, mtimeMs: 3, sha256 },
];

test('a record comes back as it was written; it is a Statement of in-toto with the predicate of SLSA', () => {
  const text = renderProvenance(recipe, files);
  expect(parseProvenance(text, 'f')).toEqual({
    ...recipe,
    outputs: new Map([
      ['bzImage', sha256],
      ['vmlinux', sha256],
    ]),
  });
  expect(JSON.parse(text)).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'bzImage', digest: { sha256 } }, { name: 'vmlinux' }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: { buildType: 'urn:eulab:build:kernel:1', externalParameters: { source: 'auto' } },
      runDetails: { builder: { id: 'urn:eulab:builder' } },
    },
  });
});

test('times and order of the files are not in it', () => {
  const later = files.toReversed().map((file) => ({ ...file, mtimeMs: 9 }));
  expect(renderProvenance(recipe, later)).toBe(renderProvenance(recipe, files));
});

const statement = JSON.parse(renderProvenance(recipe, files));

test.each([
  ['', 'it is no JSON'],
  ['[]', '"_type"'],
  [JSON.stringify({ ...statement, _type: 'other' }), '"_type"'],
  [JSON.stringify({ ...statement, subject: [{ name: 'x', digest: { sha256: 'A' } }] }), 'is no SHA-256 digest'],
  [JSON.stringify({ ...statement, predicate: { runDetails: statement.predicate.runDetails } }), '"predicate.buildDefinition"'],
])('%s is no record', (text, why) => {
  expect(() => parseProvenance(text, 'k.json')).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(why) }),
  );
});

test('what the toolchain says of itself: programs by name, packages as URLs', () => {
  const lines = ['gcc: gcc (Debian 12.2.0) 12.2.0', 'package gcc: 4:12.2.0-3 amd64', ''];
  expect(programsOf(lines)).toEqual({ gcc: 'gcc (Debian 12.2.0) 12.2.0' });
  expect(packagesOf(lines)).toEqual([
    { role: 'package', name: 'gcc', uri: 'pkg:deb/debian/gcc@4%3A12.2.0-3?arch=amd64', facts: { version: '4:12.2.0-3' } },
  ]);
});

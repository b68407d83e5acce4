import { expect, test } from 'vitest';
import { type Manifest, parseManifest, renderManifest, stays } from '../../../src/artifacts/manifest.ts';
import { EulabError } from '../../../src/errors.ts';

const file = { path: 'bzImage', bytes: 3, mtimeMs: 1732390000123.4568, sha256: 'a'.repeat(64) };
const manifest: Manifest = {
  schema: 1,
  product: 'kernel',
  key: 'k',
  files: [file, { ...file, path: 'System.map' }],
  inputs: { version: '6.1', profile: 'lab' },
  command: 'eulab build kernel',
};
const without = (key: string) => JSON.stringify(Object.fromEntries(Object.entries(manifest).filter(([name]) => name !== key)));
const withFile = (change: object) => JSON.stringify({ ...manifest, files: [{ ...file, ...change }] });

test('a manifest reads back as it was written, times to the last digit', () => {
  const back = parseManifest(renderManifest(manifest), 'm');
  expect({ ...back, files: back.files.toReversed() }).toEqual(manifest);
});

test('the same manifest gives the same bytes, whatever the order of its parts', () => {
  const turned = { ...manifest, files: manifest.files.toReversed(), inputs: { profile: 'lab', version: '6.1' } };
  expect(renderManifest(turned)).toBe(renderManifest(manifest));
});

test.each([
  ['', 'is no JSON'],
  ['{"schema":1', 'is no JSON'],
  ['null', 'Expected Object but received null'],
  [JSON.stringify({ ...manifest, schema: 2 }), '"schema": Invalid type: Expected 1 but received 2'],
  [JSON.stringify({ ...manifest, product: 'boat' }), '"product": Invalid type'],
  [JSON.stringify({ ...manifest, more: 1 }), '"more": Invalid key'],
  [without('key'), '"key": Invalid key'],
  [withFile({ path: '/etc/passwd' }), '"files.0.path" "/etc/passwd": leads out of artifacts/'],
  [withFile({ path: '../x' }), '"files.0.path" "../x": leads out of artifacts/'],
  [withFile({ bytes: 1.5 }), '"files.0.bytes": is no whole number'],
  [withFile({ bytes: -1 }), '"files.0.bytes": is negative'],
  [withFile({ sha256: 'A'.repeat(64) }), '"files.0.sha256": is no SHA-256 digest'],
  [JSON.stringify({ ...manifest, inputs: { jobs: 4 } }), '"inputs.jobs": Invalid type'],
])('a broken manifest is named with its fault: %j', (text, fault) => {
  const parse = () => parseManifest(text, 'artifacts/kernel.manifest.json');
  expect(parse).toThrow(EulabError);
  expect(parse).toThrow(/^artifacts\/kernel\.manifest\.json is not a manifest of eulab: /);
  expect(parse).toThrow(fault);
  expect(parse).toThrow(expect.objectContaining({ hint: expect.stringContaining('rm artifacts/kernel.manifest.json') }));
});

test.each([
  ['a', true],
  ['a/b.c', true],
  ['..a/b..', true],
  ['', false],
  ['.', false],
  ['..', false],
  ['/a', false],
  ['a/', false],
  ['a//b', false],
  ['a/./b', false],
  ['a/../b', false],
  ['a\0b', false],
])('%j stays below artifacts/: %s', (path, expected) => {
  expect(stays(path)).toBe(expected);
});

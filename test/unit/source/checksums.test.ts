import { expect, test } from 'vitest';
import { sha256For, signedPart } from '../../../src/source/checksums.ts';

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
const list = `${a}  linux-6.6.tar.gz\n${b}  linux-6.6.tar.xz\n`;

test.each([
  ['linux-6.6.tar.xz', b],
  ['linux-6.6.tar.gz', a],
  ['linux-6.6.tar', undefined],
  ['6.6.tar.xz', undefined],
])('the checksum of %s', (name, digest) => {
  expect(sha256For(list, name)).toBe(digest);
});

test('binary marks, capitals and CRLF are read as sha256sum reads them', () => {
  expect(sha256For(`${a.toUpperCase()} *x.tar\r\n`, 'x.tar')).toBe(a);
});

test('a short digest is none', () => {
  expect(sha256For(`${'a'.repeat(63)}  x.tar\n`, 'x.tar')).toBeUndefined();
});

test('only what is signed counts', () => {
  const text = [
    `${a}  above.tar`,
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA256',
    '',
    `${b}  within.tar`,
    '- - dash-escaped',
    '-----BEGIN PGP SIGNATURE-----',
    '',
    'iQIz',
    '-----END PGP SIGNATURE-----',
    `${a}  below.tar`,
  ].join('\n');
  expect(signedPart(text)).toBe(`${b}  within.tar\n- dash-escaped`);
});

test('a text that is not signed is taken as it is, and one whose signature is cut off counts for nothing', () => {
  expect(signedPart(list)).toBe(list);
  expect(signedPart(`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${list}`)).toBe('');
});

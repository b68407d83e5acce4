import { expect, test } from 'vitest';
import { makefileVersion } from '../../../src/source/tree.ts';

test.each([
  ['VERSION = 6\nPATCHLEVEL = 6\nSUBLEVEL = 22\nEXTRAVERSION =\nNAME = Hurr\n', '6.6.22'],
  ['# SPDX\nVERSION = 6\nPATCHLEVEL = 7\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\n', '6.7.0-rc3'],
  ['VERSION = 1\nPATCHLEVEL = 36\nSUBLEVEL = 1\nEXTRAVERSION = .git\n', '1.36.1.git'],
  ['VERSION=6\nPATCHLEVEL=1\n', '6.1'],
  ['VERSION =\nPATCHLEVEL = 6\n', undefined],
  ['VERSION = $(shell date)\nPATCHLEVEL = 6\n', undefined],
  ['all:\n\techo VERSION = 6\n', undefined],
  ['', undefined],
])('%j', (makefile, version) => {
  expect(makefileVersion(makefile)).toBe(version);
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archWords, toolchains } from '../../../src/architectures.ts';
import { containerFiles, listsFor, packagesIn, usualPackages } from '../../../src/container/packages.ts';
import { root } from '../../eulab.ts';

test.each([
  ['x86_64', 'gcc', []],
  ['aarch64', 'gcc', ['arm64']],
  ['riscv64', 'gcc', ['riscv64']],
  ['x86_64', 'llvm', ['llvm']],
  ['aarch64', 'llvm', ['llvm']],
] as const)('for %s by %s more packages are taken: %j', (arch, toolchain, lists) => {
  expect(listsFor(arch, toolchain)).toEqual(lists);
});

test('each list is there, and none repeats what every toolchain has', () => {
  const lists = [...archWords.filter((word) => existsSync(join(root, 'utils/toolchain', word))), 'llvm'];
  expect(lists).toEqual(['arm64', 'riscv64', 'llvm']);
  expect(toolchains).toEqual(['gcc', 'llvm']);
  const usual = new Set(usualPackages(root));
  expect(packagesIn(root, lists).filter((name) => usual.has(name))).toEqual([]);
  expect(containerFiles(lists).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

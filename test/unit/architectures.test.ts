import { expect, test } from 'vitest';
import { archOf, archWords, variant } from '../../src/architectures.ts';

test('each word stands for an architecture, and auto for none', () => {
  expect(Object.fromEntries(archWords.map((word) => [word, archOf(word)]))).toEqual({
    x86_64: 'x86_64',
    arm64: 'aarch64',
    riscv64: 'riscv64',
    amd64: 'x86_64',
    aarch64: 'aarch64',
  });
  expect(['auto', '', 'constructor', 'ARM64'].map(archOf)).toEqual(Array(4).fill(undefined));
});

test.each([
  ['x86_64', 'gcc', ''],
  ['aarch64', 'gcc', '-arm64'],
  ['x86_64', 'llvm', '-llvm'],
  ['riscv64', 'llvm', '-riscv64-llvm'],
] as const)('what is built for %s by %s ends with "%s"', (arch, toolchain, end) => {
  expect(variant(arch, toolchain)).toBe(end);
});

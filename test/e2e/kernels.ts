import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { eulab, root } from '../eulab.ts';

/** Kernels that tests boot beside the lab kernel in artifacts/, with the options of `eulab build kernel` that make each. */
const kernels = {
  /** The debug profile, KASAN, LKDTM and symbols, without what takes as long to build. */
  debug: ['--profile', 'debug', '--fragment', join(root, 'test/fixtures/kernels/less.config')],
  /** Next to nothing in it; see the fragment. */
  bare: ['--profile', 'tiny', '--fragment', join(root, 'test/fixtures/kernels/bare.config')],
  /** As little, for another architecture. */
  arm64: ['--arch', 'arm64', '--profile', 'tiny', '--fragment', join(root, 'test/fixtures/kernels/arm64.config')],
} as const;

export type KernelName = keyof typeof kernels;

/** Outside the checkout, so that a fresh one does not build again what is in it. */
export const testCache = process.env['EULAB_TEST_CACHE'] ?? join(homedir(), '.cache/eulab-test');

/**
 * The folder that has the kernel's bzImage, vmlinux, config and System.map, once the tests run. To be called at the top of
 * a test file: it builds before the file's tests, as a user would; when nothing has changed, that takes a second.
 */
export function kernel(name: KernelName): string {
  beforeAll(() => workspaceOf(name));
  return join(testCache, name, 'artifacts');
}

/** The workspace in which a kernel was built, for a test that cannot always be run; it builds as `kernel` does. */
export async function workspaceOf(name: KernelName): Promise<string> {
  const work = join(testCache, name);
  mkdirSync(work, { recursive: true });
  const { status, stderr } = await eulab(['-C', work, 'build', 'kernel', ...kernels[name]]);
  if (status !== 0) throw new Error(`the kernel ${name} could not be built (${status}):\n${stderr}`);
  return work;
}

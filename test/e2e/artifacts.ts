import { beforeAll } from 'vitest';
import { program } from '../eulab.ts';

/** Builds kernel and ramdisk, or what is named, before the tests of a file, as a user would; when they are there, this takes no time. */
export function artifacts(...products: readonly ('kernel' | 'ramdisk')[]): void {
  const wanted = products.length === 0 ? ['kernel', 'ramdisk'] : products;
  beforeAll(async () => {
    const { status, stderr } = await program('make', wanted);
    if (status !== 0) throw new Error(`make ${wanted.join(' ')} ended with ${status}:\n${stderr}`);
  });
}

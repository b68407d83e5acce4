import { beforeAll } from 'vitest';
import { program } from '../eulab.ts';

/** Builds kernel and ramdisk before the tests of a file, as a user would; when they are there, this takes no time. */
export function artifacts(): void {
  beforeAll(async () => {
    const { status, stderr } = await program('make', ['kernel', 'ramdisk']);
    if (status !== 0) throw new Error(`make kernel ramdisk ended with ${status}:\n${stderr}`);
  });
}

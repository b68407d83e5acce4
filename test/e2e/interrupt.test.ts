import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ended, folder, program, started } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** The ids of podman's containers, buildah's among them, and of its images. */
async function left(): Promise<string[]> {
  const containers = await program('podman', ['ps', '--all', '--external', '--quiet']);
  const images = await program('podman', ['images', '--all', '--quiet']);
  return [...containers.stdout.toString().split('\n'), ...images.stdout.toString().split('\n')].sort();
}

requires('podman')(
  'ctrl-C in a container build leaves no container, no image, no half-written file, and says what it was',
  async () => {
    using here = folder();
    const before = await left();
    const child = started(['-C', here.path, 'build', 'ramdisk', '--engine', 'podman', '--verbose']);
    const over = ended(child);
    // Its own log tells that the compiler runs.
    let said = '';
    while (!said.includes('  CC      ')) said += (await once(child.stderr as NodeJS.ReadableStream, 'data'))[0];
    child.kill('SIGINT');
    const { status, stderr } = await over;
    expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([130, 'eulab: ended by SIGINT']);
    expect(readdirSync(join(here.path, 'artifacts'))).toEqual([]);
    expect(await left()).toEqual(before);
  },
);

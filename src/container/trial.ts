import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EulabError, status } from '../errors.ts';
import { probe } from '../exec.ts';
import type { Isolation } from './engine.ts';
import { isolation } from './probe.ts';
import { temporaryImage } from './temporary.ts';
import { tinyProgram } from './tiny.ts';

/**
 * Runs a RUN in an image of a hundred bytes that is made for it and removed again: the same trial as before a build, for which
 * no other image has to be there. Returns the isolation that works, and why it is not podman's default.
 *
 * @throws EulabError (3) as `isolation`, and when not even an image can be made.
 */
export async function trial(
  signal: AbortSignal,
  arch: string = process.arch,
): Promise<{ readonly isolation: Isolation; readonly why?: string } | undefined> {
  const program = tinyProgram(arch);
  if (program === undefined) return undefined;
  await using image = await temporaryImage();
  const dockerfile = join(image.folder, 'Dockerfile');
  await writeFile(join(image.folder, 'sh'), program, { mode: 0o755 });
  await writeFile(dockerfile, 'FROM scratch\nCOPY sh /bin/sh\n');
  const flags = ['--layers=false', '--iidfile', image.idFile, '--file', dockerfile];
  const made = await probe({ file: 'podman', args: ['build', ...flags, image.folder] }, { signal });
  if (made.code !== 0) {
    throw new EulabError(`podman cannot make an image: ${made.stderr.trim().split('\n').at(-1) ?? ''}`, {
      hint: 'build with the tools of this machine instead: --engine host',
      check: 'podman',
      exitCode: status.notReady,
    });
  }
  return await isolation(await image.id(), signal);
}

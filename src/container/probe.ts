import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EulabError, status } from '../errors.ts';
import { probe } from '../exec.ts';
import type { Isolation } from './engine.ts';
import { temporaryImage } from './temporary.ts';

/** Whether podman can be called at all, and why not. */
export async function podmanWorks(
  signal: AbortSignal,
): Promise<{ readonly works: true } | { readonly works: false; readonly why: string }> {
  try {
    const outcome = await probe({ file: 'podman', args: ['info', '--format', '{{.Store.GraphDriverName}}'] }, { signal });
    return outcome.code === 0 ? { works: true } : { works: false, why: lastLine(outcome.stderr) };
  } catch (error) {
    if (error instanceof EulabError && error.exitCode === status.notReady) return { works: false, why: error.message };
    throw error;
  }
}

/**
 * The isolation under which a RUN works in this image, found by trying: podman's default first, then a chroot; and why not
 * the default, when it is not that. The image must have a shell. When neither works both are tried once more: on a busy host
 * podman was seen to fail at one moment and to work at the next.
 *
 * @throws EulabError (3) when neither works, with what podman said.
 */
export async function isolation(
  image: string,
  signal: AbortSignal,
): Promise<{ readonly isolation: Isolation; readonly why?: string }> {
  let why = '';
  for (const isolation of ['oci', 'chroot', 'oci', 'chroot'] as const) {
    const outcome = await tryRun(image, isolation, signal);
    if (outcome.code === 0) return why === '' ? { isolation } : { isolation, why };
    why = runtimeError(outcome.stderr);
  }
  throw new EulabError(`podman cannot run anything in a build: ${why}`, {
    hint: 'build with the tools of this machine instead: --engine host',
    check: 'podman',
    exitCode: status.notReady,
  });
}

async function tryRun(base: string, isolation: Isolation, signal: AbortSignal) {
  await using image = await temporaryImage();
  const dockerfile = join(image.folder, 'Dockerfile');
  await writeFile(dockerfile, `FROM ${base}\nRUN true\n`);
  const flags = ['--pull=never', '--layers=false', '--force-rm', '--isolation', isolation, '--iidfile', image.idFile];
  return await probe({ file: 'podman', args: ['build', ...flags, '--file', dockerfile, image.folder] }, { signal });
}

/** The line that names the cause; what comes after it only says that something failed. */
function runtimeError(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const cause = lines.find((line) => /^error running container/.test(line)) ?? lines.find((line) => /error/i.test(line)) ?? '';
  return cause.replace(/^error running container: from \S+ creating container for \[.*?\]: /, '').trim() || lastLine(stderr);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

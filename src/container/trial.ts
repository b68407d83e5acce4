import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Outcome, probe } from '../exec.ts';
import { containerRun, stageBuild } from './call.ts';
import { inspectImage, removeImage, type Stage } from './engine.ts';
import { prepared } from './temporary.ts';
import { trialProgram } from './trial-program.ts';
import { mountsInBuild, type Way } from './way.ts';

/** How long an engine may take for a program that does nothing. */
const limitMs = 60_000;

/** Whether a way works; `said` is what its build printed. */
export type Tried = { readonly works: true; readonly said: string } | { readonly works: false; readonly why: string };

/**
 * Whether something runs in this way, and why not: a program that does nothing, once in a build, and once from a folder of the
 * host, as every build here needs it. Nothing of it is left. True as well for a CPU that we have no such program for.
 */
export async function trial(way: Way, signal: AbortSignal): Promise<Tried> {
  const program = trialProgram(arch());
  if (program === undefined) return { works: true, said: '' };
  const folder = await mkdtemp(join(tmpdir(), 'eulab-trial-'));
  const tag = `localhost/${basename(folder).toLowerCase()}:trial`;
  const scratch = { folder, name: basename(folder).toLowerCase() };
  try {
    await writeFile(join(folder, 'true'), program, { mode: 0o755 });
    const inside = mountsInBuild(way) ? join(folder, 'true') : '/true';
    await writeFile(join(folder, 'Dockerfile'), `FROM scratch\nCOPY true /true\nRUN ["${inside}"]\n`);
    const stage: Stage = {
      context: folder,
      dockerfile: join(folder, 'Dockerfile'),
      mounts: [{ path: folder, writable: false }],
      tag,
      network: 'none',
      layers: false,
    };
    const options = { signal, timeoutMs: limitMs };
    const built = await probe(await prepared(stageBuild(way, stage, scratch)), options);
    if (built.code !== 0) return { works: false, why: reason(built) };
    // A compose tool says 0 also when its engine failed.
    if ((await probe(inspectImage(way, tag), options)).code !== 0) return { works: false, why: reason(built) };
    const said = `${built.stdout}\n${built.stderr}`;
    if (mountsInBuild(way)) return { works: true, said };
    const run = {
      image: tag,
      command: [join(folder, 'true')],
      mounts: [{ path: folder, writable: false }],
      env: {},
      user: userId(),
      idFile: join(folder, 'id'),
    };
    const ran = await probe(await prepared(containerRun(way, run, scratch)), options);
    return ran.code === 0 ? { works: true, said } : { works: false, why: unseen(reason(ran)) };
  } finally {
    await probe(removeImage(way, tag)).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Who eulab runs as. */
export function userId(): string {
  return `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}

/** What an engine on another machine says, in the words of this one. */
function unseen(why: string): string {
  return /no such file|does not exist/i.test(why) ? `it does not see the folders of this machine (${why})` : why;
}

/** The line that names the cause; what comes after it only says that something failed. */
function reason({ code, timedOut, stdout, stderr }: Outcome): string {
  if (timedOut) return `it did not come to an end in ${limitMs / 1000} s`;
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  const cause = [/^error running container/, /error|cannot|failed|denied/i].map((pattern) =>
    lines.find((line) => pattern.test(line)),
  );
  const line = cause.find((found) => found !== undefined) ?? lines.at(-1) ?? `it ended with ${code}`;
  return line.replace(/^error running container: from \S+ creating container for \[.*?\]: /, '').trim();
}

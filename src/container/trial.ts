import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { basename, join } from 'node:path';
import { type Outcome, probe } from '../exec.ts';
import { containerRun, stageBuild } from './call.ts';
import { inspectImage, type Mount, removeImage, type Scratch, type Stage } from './engine.ts';
import { prepared } from './temporary.ts';
import { trialProgram } from './trial-program.ts';
import { isElsewhere, mountsInBuild, storeOf, type Way } from './way.ts';

/** How long an engine may take for a program that does nothing. */
const limitMs = 60_000;

/** Whether a way works, and as which: an engine that sees none of our folders works elsewhere. `said` is what its build printed. */
export type Tried =
  | { readonly works: true; readonly way: Way; readonly said: string }
  | { readonly works: false; readonly why: string };

/**
 * Whether something runs in this way, and why not: a program that does nothing, once in a build, and once from a folder of the
 * host, as every build here needs it. Nothing of it is left. True as well for a CPU that we have no such program for.
 *
 * `parent` is where that folder is made: an engine may see some of the host's and not others.
 */
export async function trial(way: Way, parent: string, signal: AbortSignal): Promise<Tried> {
  const program = trialProgram(arch());
  if (program === undefined) return { works: true, way, said: '' };
  const folder = await mkdtemp(join(parent, '.eulab-trial-'));
  const name = basename(folder).slice(1).toLowerCase();
  const tag = `localhost/${name}:trial`;
  const scratch = { folder, name };
  try {
    await writeFile(join(folder, 'true'), program, { mode: 0o755 });
    const inside = mountsInBuild(way) ? join(folder, 'true') : '/true';
    await writeFile(join(folder, 'Dockerfile'), `FROM scratch\nCOPY true /true\nRUN ["${inside}"]\n`);
    const stage: Stage = {
      context: folder,
      dockerfile: join(folder, 'Dockerfile'),
      mounts: mountsInBuild(way) ? [{ path: folder, writable: false }] : [],
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
    if (mountsInBuild(way)) return { works: true, way, said };
    return await trialRun(way, { tag, scratch }, said, options);
  } finally {
    await probe(removeImage(way, tag)).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same in a run, of the image that has the program: from our folder; without it, when that is not seen. */
async function trialRun(
  way: Way,
  { tag, scratch }: { readonly tag: string; readonly scratch: Scratch },
  said: string,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Tried> {
  const { folder } = scratch;
  let runs = 0;
  const ran = async (file: string, mounts: readonly Mount[]) => {
    const run = { image: tag, command: [file], mounts, env: {}, user: userOf(way), idFile: join(folder, `id${runs++}`) };
    return await probe(await prepared(containerRun(way, run, scratch)), options);
  };
  const fromFolder = () => ran(join(folder, 'true'), [{ path: folder, writable: false }]);
  let why = '';
  // On a busy host an engine was seen to fail at one moment and to work at the next.
  for (let attempt = 0; attempt < 2 && !isElsewhere(way); attempt += 1) {
    const seen = await fromFolder();
    if (seen.code === 0) return { works: true, way, said };
    why ||= reason(seen);
  }
  if (way.kind === 'compose') return { works: false, why: unseen(why) };
  const alone = await ran('/true', []);
  return alone.code === 0 ? { works: true, way: { ...way, elsewhere: true }, said } : { works: false, why: why || reason(alone) };
}

/** Who a container is to run as, so that what it makes is ours; undefined for its root. */
export function userOf(way: Way): string | undefined {
  const store = storeOf(way);
  if (store.elsewhere === true || (store.kind === 'docker' && store.rootless === true)) return undefined;
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

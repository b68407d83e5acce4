// What eulab costs a developer on top of make: nothing to do, one file changed, a build from nothing with what ccache has kept.
// Interleaved with plain make in an object folder of its own, of the same config.
//
// SOURCE=FOLDER names a kernel's tree, the one that artifacts/ was made from unless given; it is only read. PROFILE=tiny unless
// given; PAIRS=N runs, 7 unless given. ENGINES="host podman" unless given: what does not work here is skipped. Names after the
// script measure only those: node bench/build.mjs noop
//
// The first call builds: some minutes for each engine. What it builds is kept in ~/.cache/eulab-bench (BENCH=FOLDER).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { cpuTimed, median, row } from './time.mjs';

const pairs = Number(process.env.PAIRS ?? 7);
const profile = process.env.PROFILE ?? 'tiny';
const names = process.argv.slice(2);
const wanted = (name) => names.length === 0 || names.includes(name);
const bench = join(process.env.BENCH ?? join(homedir(), '.cache/eulab-bench'), `build-${profile}`);
const eulab = resolve('dist/eulab.mjs');
const tree = join(bench, 'linux');
const cache = join(bench, 'cache');
process.env.EULAB_CACHE = cache;

/** Runs a command that is no measurement; it has to end well. */
function must(file, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(file, args, { maxBuffer: 2 ** 28, ...options });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${String(stderr).slice(-2000)}`);
  return String(stdout);
}

/** A tree of hard links: a file is changed by another in its place. */
function plant() {
  mkdirSync(bench, { recursive: true });
  if (existsSync(tree)) return;
  const source = process.env.SOURCE ?? JSON.parse(readFileSync('artifacts/kernel.manifest.json', 'utf8')).inputs.folder;
  must('cp', ['-al', resolve(source), `${tree}.half`]);
  must('mv', [`${tree}.half`, tree]);
}

const build = (engine, ...how) => ({
  file: process.execPath,
  args: [eulab, '-C', join(bench, engine), 'build', 'kernel', '--source', tree, '--profile', profile, '--engine', engine, ...how],
});

/** Plain make, as who types it: in a folder of its own. */
const own = join(bench, 'make');
const make = { file: 'make', args: ['-C', tree, `O=${own}`, '-s', `-j${must('nproc', []).trim()}`, 'CC=ccache gcc', 'bzImage'] };
process.env.CCACHE_DIR = join(cache, 'ccache');

/** The same after a change in one file: a comment that nothing has compiled before. */
const edited = ({ file, args }) => ({
  file: 'sh',
  args: [
    '-ec',
    'cp "$0" "$0.draft"; echo "/* $$ $(date +%s%N) */" >>"$0.draft"; mv "$0.draft" "$0"; exec "$@"',
    join(tree, 'init/version.c'),
    file,
    ...args,
  ],
});

/**
 * Two rows, by the clock and by CPU time, which a busy machine blurs less: the wish is 1.1 times and 0.3 s. What runs in a container
 * is in the CPU time too, where the engine is no daemon.
 */
function against(what, a, b) {
  cpuTimed(a);
  cpuTimed(b);
  const runs = Array.from({ length: pairs }, () => [cpuTimed(a), cpuTimed(b)]);
  for (const kind of ['wall', 'cpu']) {
    const [mine, theirs] = [0, 1].map((side) => median(runs.map((run) => run[side][kind])));
    const most = 1.1 * theirs + 0.3;
    const times = { a: mine, b: theirs, ratio: median(runs.map(([x, y]) => x[kind] / y[kind])) };
    row(
      kind === 'wall' ? what : '  the same in CPU time',
      times,
      `${(most * 1000).toFixed(0)} ms${mine <= most ? '' : '  MISSED'}`,
    );
  }
}

/** The objects of what is built here. */
const objects = () => readdirSync(join(cache, 'obj')).filter((name) => name.startsWith('linux-') && !name.endsWith('.lock'));

/** A build of everything; ends where the engine does not work, with what it says. */
function anew(engine) {
  if (existsSync(join(cache, 'obj'))) for (const name of objects()) rmSync(join(cache, 'obj', name), { recursive: true });
  return cpuTimed(build(engine, '--force'));
}

/** Builds from nothing, with the compiler cache empty and then full. */
function cached(engine) {
  rmSync(process.env.CCACHE_DIR, { recursive: true, force: true });
  const [cold, warm] = [anew(engine), anew(engine)];
  const times = (kind) => ({ a: warm[kind], b: cold[kind], ratio: warm[kind] / cold[kind] });
  row(`from nothing, ccache warm / cold, --engine ${engine}`, times('wall'), 0.25);
  // What a container's processes take is told of none of ours.
  if (engine === 'host') row('  the same in CPU time', times('cpu'), 0.25);
}

plant();
for (const engine of (process.env.ENGINES ?? 'host podman').split(/\s+/)) {
  mkdirSync(join(bench, engine), { recursive: true });
  try {
    if (wanted('ccache')) cached(engine);
    else cpuTimed(build(engine));
  } catch (error) {
    console.log(`${engine}: skipped: ${error.message.trim().split('\n').slice(-3).join(' ')}`);
    continue;
  }
  mkdirSync(own, { recursive: true });
  must('cp', [join(cache, 'obj', objects()[0], '.config'), join(own, '.config')]);
  must('make', [...make.args.slice(0, -1), 'olddefconfig']);
  must(make.file, make.args);
  if (wanted('noop')) against(`nothing to do, --engine ${engine} / make`, build(engine), make);
  if (wanted('touch')) against(`one file changed, --engine ${engine} / make`, edited(build(engine)), edited(make));
}

// Interleaved runs of whole commands: A B A B ..., so that a machine that slows down slows both.
import { spawnSync } from 'node:child_process';

/** Runs each command once, and returns its seconds on the clock. It must end with `status`. */
function once({ file, args, status = 0 }) {
  const started = process.hrtime.bigint();
  const ended = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (ended.status !== status) throw new Error(`${file} ${args.join(' ')} ended with ${ended.status}: ${ended.stderr}`);
  return Number(process.hrtime.bigint() - started) / 1e9;
}

/** Runs a command once, and returns its seconds on the clock and those of CPU of all that it started, which a busy machine blurs less. */
export function cpuTimed({ file, args, status = 0, timeout }) {
  const timed = ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', file, ...args];
  const ended = spawnSync('bash', timed, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 2 ** 28, timeout });
  if (ended.status !== status) throw new Error(`${file} ${args.join(' ')} ended with ${ended.status}: ${ended.stderr}`);
  const [wall, user, system] = String(ended.stderr).trim().split('\n').at(-1).split(' ').map(Number);
  return { wall, cpu: user + system };
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * Times two commands in turn, after one run of each that is not counted.
 * Returns the median seconds of both and the median of the ratios, taken pair by pair.
 */
export function compare(a, b, pairs) {
  once(a);
  once(b);
  const runs = Array.from({ length: pairs }, () => [once(a), once(b)]);
  return { a: median(runs.map(([x]) => x)), b: median(runs.map(([, y]) => y)), ratio: median(runs.map(([x, y]) => x / y)) };
}

export function row(what, { a, b, ratio }, wanted) {
  const figures = `${(a * 1000).toFixed(0)} ms against ${(b * 1000).toFixed(0)} ms`;
  const limit = wanted === undefined ? '' : `; wanted: at most ${wanted}`;
  console.log(`${what.padEnd(58)} ${ratio.toFixed(2).padStart(6)}  (${figures}${limit})`);
}

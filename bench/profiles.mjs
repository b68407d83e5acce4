// The lab profile against the kernel's own default: CPU time of a build from nothing, size, and boot to a status.
//
// Builds both on the host with empty object folders and compiler caches: half an hour on two cores. KEEP=1 takes what an
// earlier run has built. SOURCE=FOLDER names a kernel source; Debian's is taken otherwise.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { compare, row } from './time.mjs';

const bench = process.env.BENCH ?? join(homedir(), '.cache/eulab-bench');
const eulab = resolve('dist/eulab.mjs');
const source = process.env.SOURCE ?? 'debian';

/** Builds a profile from nothing; returns the user and system seconds of all its processes together. */
function build(profile) {
  const folder = join(bench, profile);
  const record = join(folder, 'cpu-seconds');
  if (process.env.KEEP && existsSync(record)) return Number(readFileSync(record, 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const call = [eulab, '-C', folder, 'build', 'kernel', '--engine', 'host', '--profile', profile, '--source', source];
  const env = { ...process.env, EULAB_CACHE: join(folder, 'cache') };
  const timed = ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bash', process.execPath, ...call];
  const { status, stderr } = spawnSync('bash', timed, { env, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${profile}: ${stderr}`);
  const [user, system] = String(stderr).trim().split('\n').at(-1).split(' ').map(Number);
  writeFileSync(record, String(user + system));
  return user + system;
}

const boot = (profile) => ({
  file: process.execPath,
  args: [eulab, 'boot', '--accel', 'tcg', '--kernel', join(bench, profile, 'artifacts/bzImage'), '--', 'sh', '-c', 'exit 42'],
  status: 42,
});
const bytes = (profile) => statSync(join(bench, profile, 'artifacts/bzImage')).size;

const [lab, defconfig] = [build('lab'), build('defconfig')];
console.log(
  `CPU time of the build, lab / defconfig: ${(lab / defconfig).toFixed(2)}  (${lab.toFixed(0)} s against ${defconfig.toFixed(0)} s; wanted: at most 0.5)`,
);
console.log(
  `size of bzImage, lab / defconfig:       ${(bytes('lab') / bytes('defconfig')).toFixed(2)}  (${bytes('lab')} against ${bytes('defconfig')}; wanted: at most 0.5)`,
);
row('boot to a status, lab / defconfig', compare(boot('lab'), boot('defconfig'), 7), 0.4);

// What packing costs against the pipelines that everybody copies, and what a file more costs a boot. Interleaved.
//
// The tree: 2000 files of this machine's /usr, 50 MB. `ramdisk pack` packs what the pipeline packs; `build ramdisk --overlay` also what
// every guest has, keeps a record of every file, looks through what it made, and waits for the disk.
// PAIRS=N runs, 5 unless given. Names after the script measure only those: node bench/ramdisk.mjs gzip boot
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, median, row } from './time.mjs';

const pairs = Number(process.env.PAIRS ?? 5);
const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'eulab-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const [tree, both, work] = ['tree', 'both', 'work'].map((name) => join(folder, name));
mkdirSync(join(work, 'artifacts'), { recursive: true });
// The kernel that is to unpack it: what its configuration knows decides.
for (const name of ['bzImage', 'config']) copyFileSync(join('artifacts', name), join(work, 'artifacts', name));
const eulab = (...args) => ({ file: process.execPath, args: ['dist/eulab.mjs', ...args] });
const shell = (line) => ({ file: 'bash', args: ['-c', `set -o pipefail; ${line}`] });

/** Files of /usr by size: 1900 small ones, and as many larger ones as make 50 MB. */
function plant() {
  const all = execFileSync('find', ['/usr/bin', '/usr/lib', '/usr/share', '-type', 'f', '-size', '+4k', '-size', '-600k'], {
    maxBuffer: 1 << 28,
  });
  const files = String(all).trim().split('\n').sort();
  const sized = files.map((file) => ({ file, bytes: statSync(file).size }));
  const small = sized.filter(({ bytes }) => bytes < 40_000).slice(0, 1900);
  const large = sized.filter(({ bytes }) => bytes > 120_000);
  let bytes = small.reduce((sum, one) => sum + one.bytes, 0);
  const chosen = [...small];
  for (const one of large) {
    if (chosen.length === 2000 || bytes + one.bytes > 50e6) continue;
    bytes += one.bytes;
    chosen.push(one);
  }
  for (const [index, { file }] of chosen.entries()) {
    const place = join(tree, `part${index % 40}`);
    mkdirSync(place, { recursive: true });
    copyFileSync(file, join(place, `${index}`));
  }
  console.log(`the tree: ${chosen.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
}

const ours = join(folder, 'ours.img');
const theirs = join(folder, 'theirs');
const pack = (...how) => eulab('-C', work, 'ramdisk', 'pack', ...how, tree, ours);
const build = (...how) => eulab('-C', work, 'build', 'ramdisk', '--engine', 'host', '--overlay', tree, ...how);
const pipeline = (root, end) => shell(`cd ${root}; find . | cpio -o -H newc --quiet ${end}> ${theirs}`);
/** Both sides find a tree that they have not packed: `build` would have nothing to do. */
const touched = (command) => ({
  file: 'sh',
  args: ['-c', 'touch "$0" && exec "$@"', join(tree, 'part0/0'), command.file, ...command.args],
});

function packing(name, how, line, most) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const end = line === '' ? '' : `| ${line} `;
  row(`pack, ${how[1] ?? 'default'} / find | cpio ${end}`, compare(pack(...how), pipeline(tree, end), pairs), most);
  console.log(
    `${' '.repeat(4)}image: ${(statSync(ours).size / statSync(theirs).size).toFixed(3)} of its size (wanted: at most 1.02)`,
  );
}

function building(name, line) {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  row(`build ramdisk --overlay / find | cpio | ${line}`, compare(touched(build()), touched(pipeline(both, `| ${line} `)), pairs));
}

function memory() {
  if (wanted.length > 0 && !wanted.includes('memory')) return;
  const large = join(folder, 'large');
  mkdirSync(large);
  writeFileSync(join(large, 'file'), '');
  truncateSync(join(large, 'file'), 2 ** 31);
  const { stderr } = spawnSync('/usr/bin/time', [
    '-f',
    '%M',
    process.execPath,
    'dist/eulab.mjs',
    '-C',
    work,
    'build',
    'ramdisk',
    '--engine',
    'host',
    '--overlay',
    large,
  ]);
  console.log(
    `memory for an image of 2 GiB: ${(Number(String(stderr).trim().split('\n').at(-1)) / 1024).toFixed(0)} MiB (wanted: at most 150)`,
  );
}

/** From its start to QEMU's call, which --dry-run prints. */
function boot() {
  if (wanted.length > 0 && !wanted.includes('boot')) return;
  const file = join(folder, 'small');
  const plain = eulab('boot', '--accel', 'tcg', '--dry-run', '--', 'true');
  const runs = Array.from({ length: pairs * 4 }, (_, index) => {
    // Each time another content: nothing is in the cache.
    writeFileSync(file, `${index} ${Date.now()}\n`);
    const timed = ({ file: program, args }) => {
      const began = process.hrtime.bigint();
      if (spawnSync(program, args).status !== 0) throw new Error(args.join(' '));
      return Number(process.hrtime.bigint() - began) / 1e6;
    };
    return [timed(eulab('boot', '--accel', 'tcg', '--dry-run', '--add', `${file}:/small`, '--', 'true')), timed(plain)];
  });
  const more = median(runs.map(([a, b]) => a - b));
  console.log(`boot --add of a small file: ${more.toFixed(1)} ms more (wanted: at most 30)`);
}

plant();
const first = spawnSync(process.execPath, ['dist/eulab.mjs', '-C', work, 'build', 'ramdisk', '--engine', 'host']);
if (first.status !== 0) throw new Error(String(first.stderr));
// theirs: the same files, and what every guest has.
execFileSync('sh', [
  '-c',
  `cp -al ${tree} ${both} && cd ${both} && zcat ${work}/artifacts/initramfs.cpio.gz | cpio -id --quiet --nonmatching 'dev/*'`,
]);
packing('default', [], 'gzip -9', 0.1);
packing('default', [], 'pigz -6', 1.1);
packing('gzip', ['--compression', 'gzip'], 'pigz -6', 1.1);
packing('none', ['--compression', 'none'], '', 1.2);
building('build', 'gzip -9');
memory();
boot();

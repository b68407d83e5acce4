// What each choice of the boot recipe gains, and what else could be chosen: whole machines, from exec of QEMU to its end,
// under emulation, in interleaved runs. The guest's init is busybox's poweroff: nothing but firmware, kernel, initramfs.
//
// Two ratios for each: of the time on the clock, and of QEMU's CPU time, which a busy machine blurs less.
// PAIRS=N runs, 11 unless given. WRITE=1 puts the ratios where `eulab boot --explain` reads them: src/boot/machine/gains.json.
// Names after the script measure only those: node bench/recipe.mjs qboot elf
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuTimed, median } from './time.mjs';

const pairs = Number(process.env.PAIRS ?? 11);
const gainsFile = 'src/boot/machine/gains.json';

/** A folder for QEMU's sockets, and for what is unpacked here. */
const folder = mkdtempSync(join(tmpdir(), 'eulab-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The words of a line for the shell. */
function wordsOf(line) {
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${line}`]);
  return String(stdout).split('\0').slice(0, -1);
}

/** The words of the QEMU call that eulab prints for these options, with our folder in place of the machine's. */
function planned(...options) {
  const eulab = ['dist/eulab.mjs', 'boot', '--accel', 'tcg', '--dry-run', '--append', 'rdinit=/sbin/poweroff -- -f', ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, eulab);
  if (status !== 0) throw new Error(String(stderr));
  const [make, call] = String(stdout).trim().split('\n');
  const theirs = wordsOf(make).at(-1);
  return wordsOf(call).map((word) => word.replaceAll(theirs, folder));
}

/** The call with another value for an option; without the option for undefined. */
function having(words, option, value) {
  const at = words.indexOf(option);
  if (at < 0) return [...words, option, value];
  return [...words.slice(0, at), ...(value === undefined ? [] : [option, value]), ...words.slice(at + 2)];
}

const valueIn = (words, option) => words[words.indexOf(option) + 1];
const replacing = (words, from, to) => words.map((word) => word.replace(from, to));

/** Without the device whose description begins so. */
function lacking(words, device) {
  const at = words.findIndex((word, index) => words[index - 1] === '-device' && word.startsWith(device));
  return [...words.slice(0, at - 1), ...words.slice(at + 1)];
}

// The rate of the counter is found out when a second boot wants to know.
for (const _ of [1, 2]) spawnSync(process.execPath, ['dist/eulab.mjs', 'boot', '--accel', 'tcg', '--', 'true']);
const base = planned();
const bzImage = having(base, '-kernel', 'artifacts/bzImage');
const microvm = planned('--machine', 'microvm');
/** Debian's cloud kernel, which DEBIAN=FILE names: the lab kernel has next to no ciphers. */
const tried = [planned('--kernel', process.env.DEBIAN ?? 'artifacts/bzImage')].flatMap((words) => [
  words,
  replacing(words, 'cryptomgr.notests ', ''),
]);

/** Each row: what is measured, with it, without it. The first ones are what the recipe chooses; the others are ideas. */
const rows = [
  ['q35', 'q35 / pc', base, having(base, '-machine', 'pc,i8042=off')],
  ['i8042', 'i8042=off / on', base, having(base, '-machine', 'q35')],
  ['qboot', 'qboot / SeaBIOS', base, having(base, '-bios', undefined)],
  ['elf', 'ELF by PVH / bzImage', base, bzImage],
  ['quiet', 'quiet / all messages', base, replacing(base, 'quiet ', '')],
  ['erms', 'cpu without / with fast moves of bytes', base, having(base, '-cpu', 'max')],
  ['smp', 'instructions as built / patched', base, replacing(base, 'noreplace-smp ', '')],
  ['microvm', 'microvm / q35', microvm, base],
  ['cpio', 'initramfs plain / gzip', base, having(base, '-initrd', 'artifacts/initramfs.cpio.gz')],
  ['tsc', 'told the TSC rate / not', base, replacing(base, /tsc_early_khz=\d+ /, '')],
  ['lapic', "ticks of the HPET / the local APIC's timer, calibrated", base, replacing(base, 'nolapic_timer no_timer_check ', '')],
  ['crypto', "ciphers of Debian's kernel not tried / tried", ...tried],
  ['cpu', 'cpu max / qemu64', having(base, '-cpu', 'max'), having(base, '-cpu', 'qemu64')],
  ['romfile', 'romfile= / option ROM', base, replacing(base, ',romfile=', '')],
  ['rng', 'with / without virtio-rng', base, lacking(base, 'virtio-rng')],
  ['net', 'with / without a network', base, planned('--net', 'none')],
  ['cpus', '2 CPUs / 1', having(base, '-smp', '2'), base],
  ['hpet', 'hpet=off / on', having(base, '-machine', `${valueIn(base, '-machine')},hpet=off`), base],
  ['serial', '3 serial ports / 2', [...base, '-serial', 'null'], base],
];

/** Runs a machine to its end. */
const once = ([file, ...args]) => cpuTimed({ file, args, timeout: 120_000 });

const names = process.argv.slice(2);
const found = JSON.parse(readFileSync(gainsFile, 'utf8')).ratios;
const wanted = ([name]) => (names.length === 0 || names.includes(name)) && (name !== 'crypto' || process.env.DEBIAN);
for (const [name, what, chosen, other] of rows.filter(wanted)) {
  once(chosen);
  once(other);
  const runs = Array.from({ length: pairs }, () => [once(chosen), once(other)]);
  const ratio = (kind) => median(runs.map(([a, b]) => a[kind] / b[kind]));
  found[name] = Number(ratio('cpu').toFixed(2));
  const ms = (side) => `${(median(runs.map((run) => run[side].wall)) * 1000).toFixed(0)} ms`;
  const figures = `${ms(0)} against ${ms(1)}`;
  console.log(`${what.padEnd(28)} wall ${ratio('wall').toFixed(2)}  CPU ${ratio('cpu').toFixed(2)}  (${figures})`);
}
if (process.env.WRITE) {
  const version = spawnSync(base[0], ['-version'])
    .stdout.toString()
    .match(/version (\S+)/)?.[1];
  const release = JSON.parse(readFileSync('artifacts/kernel.manifest.json', 'utf8')).inputs.version;
  const where = `Measured by bench/recipe.mjs: QEMU ${version}, emulation, Linux ${release}, lab profile (ciphers: Debian's cloud kernel), QEMU's CPU time, medians of ${pairs} interleaved pairs.`;
  writeFileSync(gainsFile, `${JSON.stringify({ where, ratios: found })}\n`);
  spawnSync('npx', ['--no-install', 'biome', 'format', '--write', gainsFile]);
}

// From the command to the status of `true`, under emulation: eulab against QEMU as the first eulab called it, against vng, and
// against the QEMU call that it prints itself.
//
// The kernel and the initramfs are those of artifacts/. DEFCONFIG=FILE and DEBIAN=FILE name a defconfig kernel and an unmodified one
// of Debian's; else the first is that of bench/profiles.mjs, and the second is fetched by apt-get. VNG=PROGRAM names virtme-ng.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { compare, median, row } from './time.mjs';

const bench = process.env.BENCH ?? join(homedir(), '.cache/eulab-bench');
const pairs = Number(process.env.PAIRS ?? 7);
const eulab = resolve('dist/eulab.mjs');
const lab = resolve('artifacts/bzImage');
const initramfs = resolve('artifacts/initramfs.cpio.gz');

mkdirSync(bench, { recursive: true });
for (const made of [lab, initramfs]) {
  if (!existsSync(made)) throw new Error(`${made} is not there: make kernel ramdisk`);
}

/** One file as a newc archive: the kernel unpacks it after what is before it, and over that. */
function newc(name, text, mode) {
  const entry = (path, data, bits) => {
    const fields = [1, bits, 0, 0, 1, 0, data.length, 0, 0, 0, 0, path.length + 1, 0];
    const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${path}\0`;
    const padded = (string) => string.padEnd(Math.ceil(string.length / 4) * 4, '\0');
    return padded(head) + padded(data);
  };
  return Buffer.from(entry(name, text, 0o100000 | mode) + entry('TRAILER!!!', '', 0), 'latin1');
}

/** Our initramfs with an init that does what the first eulab's did, and powers off. */
function plainInitramfs() {
  const init = '#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sysfs /sys\npoweroff -f\n';
  const file = join(bench, `plain-${createHash('sha256').update(readFileSync(initramfs)).digest('hex').slice(0, 16)}.cpio.gz`);
  const whole = readFileSync(initramfs);
  writeFileSync(file, Buffer.concat([whole, Buffer.alloc((4 - (whole.length % 4)) % 4), newc('init', init, 0o755)]));
  return file;
}

const plain = plainInitramfs();

/** The first eulab's call of QEMU. */
const original = (kernel) => ({
  file: 'qemu-system-x86_64',
  args: [
    ...['-M', 'pc', '-m', '1024', '-nographic', '-no-reboot', '-nic', 'user', '-kernel', kernel, '-initrd', plain],
    ...['-append', 'console=ttyS0 root=/dev/sda earlyprintk net.ifnames=0'],
  ],
});

const bootArgs = (kernel) => [eulab, 'boot', '--accel', 'tcg', '--kernel', kernel, '--initrd', initramfs, '--', 'true'];
const boot = (kernel) => ({ file: process.execPath, args: bootArgs(kernel) });

const skipped = (what, why) => console.log(`${what.padEnd(58)} skipped: ${why}`);

/** The reason why a command does not end with 0; undefined when it does. */
function refusal({ file, args }) {
  const { error, status, stderr } = spawnSync(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : `${file} ended with ${status}: ${stderr.trim().split('\n')[0]}`;
}

function defconfigKernel() {
  return [process.env.DEFCONFIG, join(bench, 'defconfig/artifacts/bzImage')].find((file) => file && existsSync(file));
}

/** Debian's cloud kernel as its package has it. */
function debianKernel() {
  if (process.env.DEBIAN) return process.env.DEBIAN;
  const folder = join(bench, 'debian');
  const found = () => {
    const boot = join(folder, 'boot');
    const name = existsSync(boot) ? readdirSync(boot).find((one) => one.startsWith('vmlinuz-')) : undefined;
    return name && join(boot, name);
  };
  if (found()) return found();
  mkdirSync(folder, { recursive: true });
  const script =
    'set -e; package=$(apt-cache depends linux-image-cloud-amd64 | sed -n "s/^ *Depends: \\(linux-image-[0-9].*\\)/\\1/p"); ' +
    'test -n "$package"; apt-get download "$package"; dpkg-deb -x "$package"_*.deb .';
  spawnSync('sh', ['-c', script], { cwd: folder, stdio: 'ignore' });
  return found();
}

/** The QEMU below a process, seen by its name; 0 when there is none. */
function qemuBelow(pid) {
  let children;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
  } catch {
    return 0;
  }
  for (const child of children) {
    try {
      if (readFileSync(`/proc/${child}/comm`, 'latin1').startsWith('qemu-system')) return Number(child);
    } catch {
      continue;
    }
    const below = qemuBelow(child);
    if (below !== 0) return below;
  }
  return 0;
}

/** Milliseconds of a boot in which there is no QEMU: before it is started, and after it has ended. */
async function ownMs() {
  const started = performance.now();
  const child = spawn(process.execPath, bootArgs(lab), { stdio: ['ignore', 'ignore', 'inherit'] });
  const over = new Promise((settle) => child.once('exit', (code) => settle({ code, at: performance.now() })));
  let [begin, end, pid] = [0, 0, 0];
  const watch = setInterval(() => {
    if (pid === 0) {
      pid = qemuBelow(child.pid);
      if (pid !== 0) begin = performance.now();
    } else if (end === 0 && gone(pid)) end = performance.now();
  }, 1);
  const { code, at } = await over;
  clearInterval(watch);
  if (code !== 0 || pid === 0) throw new Error(`eulab ended with ${code}`);
  return begin - started + Math.max(0, at - (end || at));
}

/** A process that has ended counts as gone, whether or not somebody waited for it. */
function gone(pid) {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return true;
  }
}

/** Milliseconds from the command until QEMU would run: a program in its place opens a fifo. */
async function untilQemuMs(folder) {
  const fifo = join(folder, 'fifo');
  const program = join(folder, 'qemu');
  if (!existsSync(fifo)) spawnSync('mkfifo', [fifo]);
  writeFileSync(program, `#!/bin/sh\n: >'${fifo}'\n`, { mode: 0o755 });
  const reading = open(fifo, 'r').then(async (handle) => {
    const at = performance.now();
    await handle.close();
    return at;
  });
  const started = performance.now();
  const args = bootArgs(lab).toSpliced(-2, 0, '--qemu', program);
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  await new Promise((settle) => child.once('exit', settle));
  return (await reading) - started;
}

function emptyNodeMs() {
  const started = performance.now();
  spawnSync(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  return performance.now() - started;
}

async function startPath() {
  const folder = join(bench, 'start');
  mkdirSync(folder, { recursive: true });
  const once = async () => ({ qemu: await untilQemuMs(folder), node: emptyNodeMs() });
  await once();
  const runs = [];
  for (let run = 0; run < 3 * pairs; run += 1) runs.push(await once());
  const of = (figure) => median(runs.map(figure));
  row(
    'until QEMU is running / node -e 0',
    { a: of(({ qemu }) => qemu) / 1000, b: of(({ node }) => node) / 1000, ratio: of(({ qemu, node }) => qemu / node) },
    1.6,
  );
}

row("lab kernel, eulab / the first eulab's line", compare(boot(lab), original(lab), pairs), 0.65);

const defconfig = defconfigKernel();
if (defconfig === undefined)
  skipped('lab under eulab / defconfig under that line', 'no defconfig kernel: node scripts/bench.mjs profiles');
else row('lab under eulab / defconfig under that line', compare(boot(lab), original(defconfig), pairs), 0.25);

const debian = debianKernel();
const unfit = debian && refusal(boot(debian));
if (!debian) skipped("Debian's kernel, eulab / that line", 'apt-get gave none');
else if (unfit !== undefined) skipped("Debian's kernel, eulab / that line", unfit);
else row("Debian's kernel, eulab / that line", compare(boot(debian), original(debian), pairs), 0.8);

const vng = (command) => ({ file: process.env.VNG ?? 'vng', args: ['--run', lab, '--disable-kvm', '--exec', command] });
const asked = spawnSync(vng('').file, vng('echo it""runs').args, {
  stdio: ['ignore', 'pipe', 'pipe'],
  encoding: 'utf8',
  timeout: 120_000,
});
if (asked.error !== undefined) skipped('lab kernel, eulab / vng', asked.error.message);
else if (!`${asked.stdout}${asked.stderr}`.includes('itruns'))
  skipped('lab kernel, eulab / vng', `its guest did not run a command (status ${asked.status})`);
else {
  // On a host without udev it cannot find its own ports, and loses the status: what is timed is the same.
  row('lab kernel, eulab / vng', compare(boot(lab), { ...vng('true'), status: asked.status }, Math.min(pairs, 3)), 0.15);
}

const own = [];
for (let run = 0; run < pairs; run += 1) own.push(await ownMs());
console.log(`${"eulab's own part of a boot".padEnd(58)} ${median(own).toFixed(0).padStart(6)} ms  (wanted: at most 120)`);
await startPath();

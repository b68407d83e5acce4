import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle, ended, eulab, program, started } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { foreignPackages } from './debian.ts';

artifacts();

test('stdout is the command’s, stderr is the command’s, and so is the status', async () => {
  const said = await eulab(['boot', '--', 'sh', '-c', 'echo out; echo err >&2; exit 42'], { env: { EULAB_ACCEL: 'tcg' } });
  expect([said.status, said.stdout.toString(), said.stderr]).toEqual([42, 'out\n', 'err\n']);
});

test.each([
  ['true', ['true'], 0],
  ['false', ['false'], 1],
  ['a command that is not there', ['no-such-command'], 127],
  ['a command that kills itself', ['sh', '-c', 'kill -9 $$'], 137],
  ['the largest status', ['sh', '-c', 'exit 255'], 255],
])('%s', async (_what, argv, status) => {
  expect((await eulab(['boot', '--', ...argv])).status).toBe(status);
});

test('100 MB go in and come out, byte for byte', async () => {
  const bytes = randomBytes(100_000_000);
  const { status, stdout } = await eulab(['boot', '--', 'cat'], { input: bytes });
  expect([status, stdout.length, stdout.equals(bytes)]).toEqual([0, bytes.length, true]);
});

test('every byte but NUL arrives in an argument, though it be no UTF-8', async () => {
  const all = Array.from({ length: 255 }, (_, index) => index + 1).filter((byte) => byte !== 10);
  const octal = [...all, 10, 120].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const script = `exec ${process.execPath} ${bundle} boot -- printf %s "$(printf '${octal}')"`;
  const { status, stdout } = await program('sh', ['-c', script]);
  expect([status, [...stdout]]).toEqual([0, [...all, 10, 120]]);
});

test('a command line of 200 kB, variables and a folder', async () => {
  const long = 'a b'.repeat(33_000);
  const script = 'for word in "$@"; do printf %s "$word" | md5sum; done; echo "$#" "$WORD" "$PWD" "$HOME"';
  const options = ['--env', 'WORD=two  words', '--env', 'HOME', '--workdir', '/tmp'];
  const { stdout } = await eulab(['boot', ...options, '--', 'sh', '-c', script, 'sh', long, long], { env: { HOME: '/here' } });
  const digest = `${createHash('md5').update(long).digest('hex')}  -\n`;
  expect(stdout.toString()).toBe(`${digest}${digest}2 two  words /tmp /here\n`);
});

test('a signal is the command’s, which may do with it what it wants', async () => {
  const child = started(['boot', '--', 'sh', '-c', 'trap "echo caught; exit 7" TERM; echo up; while :; do sleep 1; done']);
  const over = ended(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const { status, stdout } = await over;
  expect([status, stdout.toString()]).toEqual([7, expect.stringContaining('caught')]);
});

requires(
  'apt-get',
  'apt-cache',
  'dpkg-deb',
  '/etc/debian_version',
)(
  'an unmodified kernel without virtio console is reached over a serial line: 1 MB each way, three streams, the status',
  async () => {
    const debian = await foreignPackages('amd64', ['linux-image-cloud-amd64']);
    const kernel = join(debian, 'boot', readdirSync(join(debian, 'boot')).find((name) => name.startsWith('vmlinuz-')) ?? '');
    const bytes = randomBytes(1_000_000);
    const boot = ['boot', '--accel', 'tcg', '--kernel', kernel, '--modules', 'none', '--', 'sh', '-c'];
    const said = await eulab([...boot, 'cat; uname -r >&2; exit 42'], { input: bytes });
    expect([said.status, said.stderr]).toEqual([42, `${kernel.replace(/.*vmlinuz-/, '')}\n`]);
    expect(said.stdout.equals(bytes)).toBe(true);
  },
  300_000,
);

test('arguments arrive as they are: spaces, quotes, newlines, dollars, empty ones', async () => {
  const words = ['two words', "it's", '"', 'a\nb', '$HOME `id` $(id)', '', '\\', '*', 'é', '--', '-n', '\t'];
  const { stdout } = await eulab(['boot', '--', 'printf', '%s\\0', ...words]);
  expect(stdout.toString()).toBe(`${words.join('\0')}\0`);
});

test('/dev/stdout, /dev/stderr and /dev/stdin can be opened again', async () => {
  const script = 'cat /dev/stdin >/dev/stdout; echo twice >/dev/stderr';
  const said = await eulab(['boot', '--', 'sh', '-c', script], { input: 'through' });
  expect([said.stdout.toString(), said.stderr.endsWith('twice\n')]).toEqual(['through', true]);
});

test('a command that reads nothing does not wait for the end of its input', async () => {
  const { status } = await eulab(['boot', '--', 'true'], { input: randomBytes(10_000_000) });
  expect(status).toBe(0);
});

test('what the command leaves running does not keep the machine', async () => {
  const { status, stdout } = await eulab(['boot', '--', 'sh', '-c', 'sleep 600 & echo done']);
  expect([status, stdout.toString()]).toEqual([0, 'done\n']);
});

test('the guest has its file systems, its address and its two descriptors of standing', async () => {
  const script =
    'mount | cut -d" " -f3 | sort; ip -4 -o address show eth0 | tr -s " " | cut -d" " -f4; hostname; id -u; cat /etc/resolv.conf';
  const { stdout } = await eulab(['boot', '--', 'sh', '-c', script]);
  expect(stdout.toString().split('\n').filter(Boolean)).toEqual([
    '/',
    '/dev',
    '/dev/pts',
    '/dev/shm',
    '/proc',
    '/run',
    '/sys',
    '/tmp',
    '10.0.2.15/24',
    'eulab',
    '0',
    'nameserver 10.0.2.3',
  ]);
});

test('DHCP brings the same address, through a script that works', async () => {
  const { stdout } = await eulab([
    'boot',
    '--ip',
    'dhcp',
    '--',
    'sh',
    '-c',
    'ip -4 -o address show eth0; ip route; cat /etc/resolv.conf',
  ]);
  expect(stdout.toString()).toMatch(/10\.0\.2\.15\/24.*default via 10\.0\.2\.2 dev eth0.*nameserver 10\.0\.2\.3/s);
});

test('memory, CPUs and words of the command line reach the guest', async () => {
  const options = ['--memory', '256M', '--cpus', '2', '--append', 'one=1', '--append', 'two=2'];
  const { stdout } = await eulab(['boot', ...options, '--', 'sh', '-c', 'nproc; cat /proc/cmdline; grep MemTotal /proc/meminfo']);
  const [cpus, cmdline, memory] = stdout.toString().split('\n');
  expect([cpus, cmdline?.endsWith('one=1 two=2')]).toEqual(['2', true]);
  const kib = Number(memory?.replace(/\D/g, ''));
  expect(kib).toBeGreaterThan(180_000);
  expect(kib).toBeLessThan(256 * 1024);
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { bundle, eulab, folder, program } from '../eulab.ts';
import { has, requires } from '../requires.ts';
import { helper, type RootlessHost, rootlessHost } from './rootless-host.ts';

const test = requires('root', 'ip', 'unshare', 'setpriv', 'setcap', 'qemu-system-x86_64', helper, '/dev/net/tun');

function checks(stdout: string | Buffer): Finding[] {
  return JSON.parse(stdout.toString()).checks;
}

/** What the doctor says to the ordinary user of a host. */
function asked(host: RootlessHost, line: string, ...names: string[]): Finding[] {
  const { stdout } = spawnSync('ip', host.argv(line, ['doctor', '--json', ...names]), { env: { ...process.env, ...host.env } });
  return checks(stdout);
}

/** Root types what was printed; his shell has eulab, and a sudo that has nothing to ask. */
function typed(host: RootlessHost, remedy: string | undefined): void {
  const bin = join(host.path, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  const state = `--state ${host.path}/state --no-nat --no-dhcp`;
  writeFileSync(join(bin, 'eulab'), `#!/bin/sh\nexec node ${host.path}/dist/eulab.mjs "$@" ${state}\n`, { mode: 0o755 });
  host.root(`PATH=${bin}:$PATH\n${remedy}`);
}

/** Found, then mended by what was printed. */
function mends(host: RootlessHost, name: Finding['name'], found: RegExp): void {
  const [before] = asked(host, '', name);
  expect([before?.state, before?.found]).toEqual(['warning', expect.stringMatching(found)]);
  expect(before?.costs).toMatch(/--net/);
  typed(host, before?.remedy?.command);
  const [after] = asked(host, '', name);
  expect([name, after?.state, after?.found]).toEqual([name, 'ok', after?.found]);
}

test('tun, bridge, helper and rules: each is found, and the printed remedy mends it', () => {
  using host = rootlessHost();
  host.root('chmod 600 /dev/net/tun');
  mends(host, 'tun', /may not open/);
  mends(host, 'helper', /has no right/);
  mends(host, 'rules', /there is no .*bridge.conf/);
  host.root('ip link add name vmbr0 type bridge');
  mends(host, 'bridge', /is down/);
  expect(asked(host, '', 'helper')[0]?.found).toMatch(/makes a tap device on vmbr0/);
});

test('no bridge: one call of net up mends all that it needs', () => {
  using host = rootlessHost();
  mends(host, 'bridge', /there is no bridge vmbr0/);
  expect(asked(host, '', 'tun', 'bridge', 'helper', 'rules').map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
});

test('no network, no permission for KVM or for a folder', () => {
  using host = rootlessHost();
  const kvm = `mknod -m 600 ${host.path}/kvm c 10 232; [ ! -e /dev/kvm ] || mount --bind ${host.path}/kvm /dev/kvm`;
  execFileSync('chmod', ['755', join(host.path, 'artifacts')]);
  execFileSync('chown', ['root', join(host.path, 'artifacts')]);
  const [none, sources, artifacts] = asked(host, kvm, 'kvm', 'sources', 'artifacts');
  expect([none?.state, none?.found]).toEqual(['warning', expect.stringMatching(/no permission|no \/dev\/kvm/)]);
  expect(sources).toMatchObject({ state: 'warning', found: expect.stringMatching(/nor do apt|is installed/) });
  expect(artifacts).toMatchObject({ state: 'failure', found: expect.stringContaining('may not write'), remedy: null });
});

/** The session that comes of logging in again, with the groups that /etc/group has now. */
function loggedInAgain(host: RootlessHost, line: string): Finding[] {
  const groups = host.root('sed -n "s/^kvm:[^:]*:\\([0-9]*\\):.*nobody.*/\\1/p" /etc/group').trim();
  const words = host
    .argv(line, ['doctor', '--json', 'kvm'])
    .map((word) => (word === '--clear-groups' ? `--groups=${groups}` : word));
  const { stdout } = spawnSync('ip', words, { env: { ...process.env, ...host.env } });
  return checks(stdout);
}

test('no permission for KVM: the printed usermod, and another login, give it', ({ skip }) => {
  if (!has('/dev/kvm')) skip('there is no /dev/kvm');
  using host = rootlessHost();
  const kvm = `chgrp kvm "$HERE/kvm"; chmod 660 "$HERE/kvm"; mount --bind "$HERE/kvm" /dev/kvm`;
  execFileSync('mknod', [join(host.path, 'kvm'), 'c', '10', '232']);
  host.root('getent group kvm >/dev/null || groupadd kvm');
  const [before] = asked(host, kvm, 'kvm');
  expect([before?.state, before?.found]).toEqual(['warning', expect.stringContaining('no permission for /dev/kvm')]);
  expect(before?.remedy).toEqual({ command: 'sudo usermod -aG kvm nobody', safe: true });
  typed(host, before?.remedy?.command);
  const [same] = asked(host, kvm, 'kvm');
  expect([same?.found, same?.remedy?.command]).toEqual([expect.stringContaining('this session began before'), 'newgrp kvm']);
  const [after] = loggedInAgain(host, kvm);
  // Whether a guest runs under it is the host's affair.
  expect(after?.found).not.toMatch(/permission|session/);
});

/** The host's own files, changed in copies that go with the namespace; and no package is fetched that is only recommended. */
const copied = `
mount -t tmpfs none "$HERE"; mkdir "$HERE/containers"
for folder in usr var etc; do
  mkdir "$HERE/$folder" "$HERE/$folder.work"
  mount -t overlay -o "lowerdir=/$folder,upperdir=$HERE/$folder,workdir=$HERE/$folder.work" overlay "/$folder"
done
mkdir -p /var/lib/containers; mount --bind "$HERE/containers" /var/lib/containers
echo 'APT::Install-Recommends "false";' >/etc/apt/apt.conf.d/zz-test
`;

requires(
  'root',
  'unshare',
  'apt-get',
  'podman',
  'buildah',
  'qemu-system-x86_64',
)(
  'no QEMU, no podman: the printed calls of apt-get bring them',
  async ({ skip }) => {
    using here = folder();
    const env = { HERE: here.path, DEBIAN_FRONTEND: 'noninteractive', E: `node ${bundle} doctor --json qemu podman` };
    const commands = 'for (const { remedy } of JSON.parse(require("fs").readFileSync(0)).checks) console.log(remedy?.command)';
    const line = `exec 3>&1 >&2\n${copied}\ndpkg --purge --force-depends qemu-system-x86 podman buildah
      $E >"$HERE/before"; cat "$HERE/before" >&3; node -e '${commands}' <"$HERE/before" >"$HERE/remedies"; sh -ex "$HERE/remedies" || exit 100; $E >&3`;
    const { status, stdout, stderr } = await program('unshare', ['--mount', 'sh', '-c', line], { env });
    if (status === 100 && process.env['CI'] !== 'true') skip('apt cannot fetch packages');
    const [before, after] = stdout
      .toString()
      .split(/(?<=^\}\n)/m)
      .map((text) => checks(text));
    expect(
      before?.map(({ name, state }) => [name, state]),
      stderr,
    ).toEqual([
      ['qemu', 'failure'],
      ['podman', 'warning'],
    ]);
    expect(
      after?.map(({ name, state, found }) => [name, state, found]),
      stderr,
    ).toEqual([
      ['qemu', 'ok', expect.stringContaining('a guest runs in it')],
      ['podman', 'ok', expect.stringContaining('podman')],
    ]);
  },
  300_000,
);

test('no user namespaces: the printed sysctl gives them back', async () => {
  const line = `echo 0 >/proc/sys/user/max_user_namespaces; $E; sysctl -w user.max_user_namespaces=15000 >&2; $E`;
  const env = { E: `node ${bundle} doctor --json namespaces` };
  const { stdout, stderr } = await program('unshare', ['--user', '--map-root-user', 'sh', '-c', line], { env });
  const [before, after] = stdout
    .toString()
    .split(/(?<=^\}\n)/m)
    .map((text) => checks(text)[0]);
  expect([before?.state, before?.remedy?.command, after?.state], stderr).toEqual([
    'warning',
    'sysctl -w user.max_user_namespaces=15000',
    'ok',
  ]);
});

test('a full disk: the printed eulab clean makes room', async () => {
  using here = folder();
  const cache = join(here.path, 'cache');
  mkdirSync(cache);
  const E = `node ${bundle} doctor --json cache`;
  const line = `mount -t tmpfs -o size=100M none ${cache}; node ${bundle} boot --kernel /no >/dev/null 2>&1
    printf '%s\\n' 'Signature: 8a477f597d28d172789f06886806bc55' '# This folder was made by eulab; "eulab clean cache" empties it.' >${cache}/CACHEDIR.TAG
    mkdir ${cache}/downloads; cat /dev/zero >${cache}/downloads/file 2>/dev/null; ${E}; node ${bundle} clean cache >&2; ${E}`;
  const { stdout, stderr } = await program('unshare', ['--mount', 'sh', '-c', line], { env: { EULAB_CACHE: cache } });
  const [before, after] = stdout
    .toString()
    .split(/(?<=^\}\n)/m)
    .map((text) => checks(text)[0]);
  expect([before?.state, before?.remedy?.command], stderr).toEqual(['failure', 'eulab clean cache']);
  // As much as the disk has, which is still less than a build of a kernel may want.
  expect([after?.state, after?.found], stderr).toEqual(['warning', expect.stringMatching(/(9\d|100) MiB are free/)]);
});

test('no QEMU, no engine: failures with their packages', async () => {
  using here = folder();
  symlinkSync(process.execPath, join(here.path, 'node'));
  const call = await eulab(['doctor', '--json', 'qemu', 'podman', 'toolchain'], { env: { PATH: here.path } });
  expect(call.status).toBe(3);
  const found = checks(call.stdout);
  expect(found.map(({ name, state }) => [name, state])).toEqual([
    ['qemu', 'failure'],
    ['podman', 'failure'],
    ['toolchain', 'failure'],
  ]);
  // On that PATH there is no apt-get either.
  expect(found[0]).toMatchObject({ remedy: null, hint: 'install what Debian has in: qemu-system-x86' });
});

test('an old QEMU, which only tells its version: the printed export takes the other one', async () => {
  using here = folder();
  writeFileSync(join(here.path, 'qemu-system-x86_64'), '#!/bin/sh\necho QEMU emulator version 4.2.1\n', { mode: 0o755 });
  const env = { PATH: `${here.path}:${process.env['PATH']}`, EULAB_CACHE: join(here.path, 'cache') };
  const [before] = checks((await eulab(['doctor', '--json', 'qemu'], { env })).stdout);
  expect([before?.state, before?.found]).toEqual(['failure', expect.stringContaining('is version 4.2')]);
  const line = `${before?.remedy?.command}; node ${bundle} doctor --json qemu`;
  expect(checks((await program('sh', ['-c', line], { env })).stdout)[0]?.state).toBe('ok');
});

test('a KVM that hangs, in a QEMU that sleeps under it, is found in seconds', async ({ skip }) => {
  if (spawnSync('test', ['-w', '/dev/kvm']).status !== 0) skip('there is no /dev/kvm to open');
  using here = folder();
  const qemu = join(here.path, 'qemu-that-hangs');
  writeFileSync(qemu, '#!/bin/sh\ncase "$*" in *"-accel kvm"*) exec sleep 996 ;; esac\nexec qemu-system-x86_64 "$@"\n', {
    mode: 0o755,
  });
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const [kvm] = checks((await eulab(['doctor', '--json', '--qemu', qemu, 'kvm'], { env })).stdout);
  expect(kvm).toMatchObject({ state: 'warning', found: expect.stringContaining('hardly runs'), remedy: null });
});

test('--fix without a terminal asks for --yes; an unknown check is refused; a verb names the line', async () => {
  const fix = await eulab(['doctor', '--fix', 'tun']);
  expect([fix.status, fix.stderr]).toEqual([2, expect.stringContaining('--yes')]);
  expect((await eulab(['doctor', 'kmv'])).status).toBe(2);
  using here = folder();
  const none = await eulab(['-C', here.path, 'build', 'ramdisk', '--engine', 'host'], {
    env: { PATH: here.path, EULAB_CACHE: here.path },
  });
  expect(none.stderr).toContain('more: eulab doctor toolchain');
});

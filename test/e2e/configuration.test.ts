import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eulab, folder, program, root } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { helper, rootlessHost, uid } from './rootless-host.ts';

artifacts();

const test = requires('qemu-system-x86_64');
const sudoTest = requires('root', 'ip', 'unshare', 'setpriv', 'sudo', helper, '/dev/net/tun');

const file = `
[boot]
kernel = "${root}/artifacts/bzImage"
initrd = "${root}/artifacts/initramfs.cpio.gz"
memory = "1G"
accel = "tcg"
append = "of=all"
timeout = "90s"

[machine.small]
memory = "200M"
cpus = "sockets=1,cores=2"
append = ["of=small", "and=more"]
net = "user,ip=10.0.2.99/24,mac=52:54:00:00:00:99"
share = "shared:/shared:ro"
workdir = "/shared"
env = { WORD = "from the file" }
`;

/** What the machine is, as its command sees it; the line that is not so is the one that is printed. */
const looks = `
set -e; trap 'echo "not so: line $LINENO"' EXIT
grep -q 'of=small and=more' /proc/cmdline
! grep -q of=all /proc/cmdline
[ "$(nproc)" = 2 ]
kb=$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo); [ "$kb" -gt 130000 ] && [ "$kb" -lt 210000 ]
ip addr show dev eth0 | grep -q 'inet 10.0.2.99/24'
grep -q 52:54:00:00:00:99 /sys/class/net/eth0/address
[ "$(cat word)" = 'of the host' ]
[ "$WORD" = 'from the file' ]
trap - EXIT
exit 42
`;

test('a machine of eulab.toml boots with all that the file says of it; the command line is above it', async () => {
  using here = folder();
  const work = join(here.path, 'project/below');
  mkdirSync(join(here.path, 'project/shared'), { recursive: true });
  mkdirSync(work);
  writeFileSync(join(here.path, 'project/shared/word'), 'of the host\n');
  writeFileSync(join(here.path, 'project/eulab.toml'), file);
  const env = { EULAB_CONFIG: undefined, HOME: here.path, XDG_CONFIG_HOME: undefined };
  const booted = await eulab(['boot', 'small', '--', 'sh', '-c', looks], { cwd: work, env });
  expect([booted.status, booted.stdout.toString(), booted.stderr]).toEqual([42, '', '']);

  const call = ['boot', 'small', '--memory', '96M', '--dry-run', '--', 'true'];
  const planned = (await eulab(call, { cwd: work, env: { ...env, EULAB_CPUS: '3' } })).stdout.toString();
  expect(planned).toMatch(/ -m 96 /);
  expect(planned).toMatch(/ -smp (cpus=)?3/);
  expect(planned).toContain('of=small');
  // It is called as it is there.
  expect(planned).toMatch(/^mkdir .*\/small\n/);
});

sudoTest(
  'net up of an ordinary user goes through sudo by the very call that --sudoers printed, with what the files say',
  async () => {
    using host = rootlessHost();
    const settings = `[net]\nbridge = "br-file"\nstate = "${host.path}/state"\n[net.up]\ndhcp = false\nnat = false\n`;
    writeFileSync(join(host.path, 'eulab.toml'), settings);
    const { sudoers } = sudo(host.path);
    const env = {
      ...host.env,
      NODE_EXTRA_CA_CERTS: undefined,
      EULAB_CACHE: undefined,
      EULAB_CONFIG: undefined,
      XDG_CONFIG_HOME: undefined,
    };
    // Where one stands says which file it is, not -C.
    const call = (line: string, ...args: string[]) => {
      const words = host.argv(line, args);
      words.splice(words.indexOf('-C'), 2);
      return program('ip', words, { cwd: host.path, env });
    };
    const rule = await call(sudoers(''), 'net', 'up', '--sudoers');
    expect(rule.stdout.toString()).toContain('--config none');
    const up = await call(sudoers(rule.stdout.toString()), 'net', 'up');
    expect([up.status, up.stderr]).toEqual([0, expect.stringMatching(/\neulab: br-file is up\n$/)]);
    expect((await call(sudoers(''), 'net', 'status')).stdout.toString()).toContain('br-file');
    const down = await call(sudoers(rule.stdout.toString()), 'net', 'down');
    expect([down.status, down.stderr]).toEqual([0, 'eulab: br-file is down\n']);
  },
);

/** A line of root's shell that gives the host a sudo with this rule, and with nobody to ask for a password. */
function sudo(path: string) {
  mkdirSync(join(path, 'etc/pam.d'), { recursive: true });
  for (const name of ['sudo', 'other']) {
    const lines = ['auth required pam_deny.so', 'account required pam_permit.so', 'session required pam_permit.so'];
    writeFileSync(join(path, 'etc/pam.d', name), `${lines.join('\n')}\n`);
  }
  return {
    sudoers: (rule: string) => {
      writeFileSync(join(path, 'etc/sudoers'), rule, { mode: 0o440 });
      return `chown -R root:root "$HERE/etc"; chmod 440 /etc/sudoers; id -nu ${uid} >/dev/null`;
    },
  };
}

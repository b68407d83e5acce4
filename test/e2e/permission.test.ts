import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { requires } from '../requires.ts';
import { helper, type RootlessHost, rootlessHost } from './rootless-host.ts';

const test = requires('root', 'ip', 'unshare', 'setpriv', 'setcap', helper, '/dev/net/tun');

/** All that is changed for a user, as text. */
const permissions = `
stat -c '%n %a %u %g' ${helper} /dev/net/tun /etc/qemu /etc/qemu/* 2>&1 || true
getcap ${helper}
tail -n +1 -v /etc/qemu/* 2>&1 || true
`;

/** Calls `eulab net` as root in the host; `before` is a line of the shell. Returns what it says and, at the end, its status. */
function net(host: RootlessHost, args: string, before = 'true'): string {
  const options = args.startsWith('up') ? '--no-nat --no-dhcp --bridge-user nobody' : '';
  return host.root(
    `${before}\nenv -u NODE_EXTRA_CA_CERTS node "$HERE/dist/eulab.mjs" net ${args} ${options} --state "$HERE/state" 2>&1 || echo "status $?"`,
  );
}

/** The set-up before, and what the helper has after `up`. */
const befores: readonly (readonly [string, string, string, string])[] = [
  ['nothing', 'chmod 600 /dev/net/tun', '755 0 cap_net_admin=ep', ''],
  ['no setcap', '', '4750 65534', 'mount --bind /dev/null "$(command -v setcap)"'],
  [
    'a file of rules without an end',
    `mkdir /etc/qemu; printf 'allow other' >/etc/qemu/bridge.conf`,
    '755 0 cap_net_admin=ep',
    '',
  ],
  ['setuid for all', `chmod 4755 ${helper}; install -D /dev/null /etc/qemu/bridge.conf`, '4755 0', ''],
  ['another capability', `setcap cap_chown+ep ${helper}`, '755 0 cap_net_admin=ep', ''],
];

for (const [what, line, has, within] of befores) {
  test(`the right to a bridge is given and taken back: ${what}`, () => {
    using host = rootlessHost();
    host.root(line);
    const before = host.root(permissions);
    expect(net(host, 'up', within)).toMatch(/^eulab: making vmbr0\n.*\neulab: vmbr0 is up\n$/);
    expect(host.root(`stat -c '%a %g' ${helper}; getcap ${helper}`).replace(`\n${helper}`, '').trim()).toBe(has);
    expect(net(host, 'up', within)).toBe('eulab: vmbr0 is up already: nothing to do\n');
    expect(net(host, 'down', within)).toBe('eulab: vmbr0 is down\n');
    expect(host.root(permissions)).toBe(before);
  });
}

test('kill -9 after a step: down takes back what was done; and without the journal it takes the rules', () => {
  using host = rootlessHost();
  const before = host.root(permissions);
  const bin = join(host.path, 'bin');
  for (const program of ['install', 'sh', 'setcap']) {
    mkdirSync(bin);
    const real = execFileSync('sh', ['-c', `command -v ${program}`])
      .toString()
      .trim();
    writeFileSync(join(bin, program), `#!/bin/sh\n${real} "$@"\nkill -9 $PPID\n`, { mode: 0o755 });
    expect([program, net(host, 'up', `export PATH=${bin}:$PATH`)]).toEqual([program, expect.stringContaining('status 137')]);
    rmSync(bin, { recursive: true });
    expect([program, net(host, 'down')]).toEqual([program, 'eulab: vmbr0 is down\n']);
    expect([program, host.root(permissions)]).toEqual([program, before]);
  }
  net(host, 'up');
  rmSync(join(host.path, 'state'), { recursive: true });
  expect(net(host, 'down')).toBe('eulab: vmbr0 is down\n');
  expect(host.root('cat /etc/qemu/bridge.conf; ls /etc/qemu')).toBe('bridge.conf\n');
});

test('an unknown user is refused', () => {
  using host = rootlessHost();
  expect(
    host.root('node "$HERE/dist/eulab.mjs" net up --bridge-user nosuch --state "$HERE/state" 2>&1 || echo "status $?"'),
  ).toMatch(/there is no user nosuch(.|\n)*status 2\n$/);
});

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ended, eulab, folder, leftWith, processesWith, program, root, startedProgram } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** The EtherTypes of a file of packets, in order. @see pcap-savefile(5) */
function etherTypes(file: string): number[] {
  const bytes = readFileSync(file);
  expect([bytes.readUInt32LE(0), bytes.readUInt32LE(20)]).toEqual([0xa1b2c3d4, 1]);
  const types: number[] = [];
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) types.push(bytes.readUInt16BE(at + 16 + 12));
  return types;
}

const [ipv4, arp, ipv6] = [0x0800, 0x0806, 0x86dd];

/** Calls of eulab as an ordinary user who cannot open /dev/net/tun, with a folder of his own that has all of it. */
function ordinary(here: string) {
  for (const file of ['dist', 'package.json', 'artifacts/bzImage', 'artifacts/initramfs.cpio.gz']) {
    cpSync(join(root, file), join(here, file), { recursive: true });
  }
  execFileSync('chown', ['-R', '65534', here]);
  writeFileSync(join(here, 'tun'), '', { mode: 0o600 });
  const become = '[ ! -e /dev/net/tun ] || mount --bind "$0" /dev/net/tun; exec setpriv --reuid=65534 --clear-groups "$@"';
  const env = { XDG_RUNTIME_DIR: here, EULAB_CACHE: join(here, 'cache'), HOME: here };
  const argv = ['--mount', 'sh', '-c', become, join(here, 'tun')];
  const check = program('unshare', [...argv, 'sh', '-c', 'exec 3<>/dev/net/tun'], { env });
  return {
    argv: (args: readonly string[]) => [...argv, process.execPath, join(here, 'dist/eulab.mjs'), '-C', here, ...args],
    env,
    check,
  };
}

requires('root', 'unshare', 'setpriv')(
  'four machines of an ordinary user on one switch: ends of others, kill -9 of one and of the switch, and nothing left',
  async () => {
    using here = folder();
    const user = ordinary(here.path);
    expect((await user.check).status).not.toBe(0);
    const call = (...args: string[]) => program('unshare', user.argv(args), { env: user.env });
    const pings = async (name: string, script: string) => (await call('exec', name, '--', 'sh', '-c', script)).stdout.toString();
    const files = { lab: join(here.path, 'lab.pcap'), card: join(here.path, 'card.pcap') };

    const machines = [1, 2, 3, 4].map((number) => {
      const net = `lab:a${number === 1 ? `,lab-pcap=${files.lab}` : number === 2 ? `,pcap=${files.card}` : ''}`;
      const addresses = ['--ip', `10.9.0.${number}/24`, '--ip', `fd00::${number}/64`];
      const options = ['--accel', 'tcg', '--memory', '96M', '--name', `lab${number}`, '--net', net, ...addresses];
      const argv = user.argv(['boot', ...options, '--', 'sh', '-c', 'echo up; exec sleep 600']);
      const child = startedProgram('unshare', argv, { env: user.env });
      const over = ended(child);
      return { child, over, up: once(child.stdout ?? child, 'data') };
    });
    await Promise.all(machines.map(({ up, over }) => Promise.race([up, over.then(({ stderr }) => Promise.reject(stderr))])));

    const all = 'for to in 10.9.0.2 10.9.0.3 10.9.0.4 fd00::2 fd00::3 fd00::4; do ping -c1 -W5 $to; done';
    expect((await pings('lab1', all)).match(/ 1 packets received/g)).toHaveLength(6);
    const macs = await Promise.all([1, 2, 3, 4].map((number) => pings(`lab${number}`, 'cat /sys/class/net/eth0/address')));
    expect(new Set(macs.filter((mac) => /^02:eb(:..){4}\n$/.test(mac))).size).toBe(4);

    // The one that started the switch goes, while the others talk.
    const talk = pings('lab3', 'ping -c 20 -i 0.1 10.9.0.2');
    machines[0]?.child.kill('SIGKILL');
    expect(await talk).toContain('20 packets received');

    const [before] = processesWith('/.lab.a').filter((pid) => processesWith('switch.mjs').includes(pid));
    process.kill(before ?? 0, 'SIGKILL');
    expect(await pings('lab4', 'until ping -c1 -W1 10.9.0.3; do :; done; ping -c1 fd00::2')).toContain(' 1 packets received');

    expect(new Set(etherTypes(files.lab))).toEqual(new Set([arp, ipv4, ipv6]));
    expect(etherTypes(files.card).filter((type) => type === ipv4).length).toBeGreaterThanOrEqual(40);

    for (const number of [2, 3]) await call('stop', `lab${number}`);
    machines[3]?.child.kill('SIGKILL');
    await Promise.all(machines.map(({ over }) => over));
    expect([await leftWith(here.path), readdirSync(join(here.path, 'eulab'))]).toEqual([[], []]);
  },
  180_000,
);

/** A port of this host that is free. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What is said at a port of this host by the first who says anything. */
async function heard(port: number): Promise<string> {
  for (;;) {
    const line = dial(port, '127.0.0.1');
    const said = await text(line).catch(() => '');
    if (said !== '') return said;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('several cards: their order, models, addresses, packets in a file, and a port of the host', async () => {
  using here = folder();
  // Away from its config, which would say that it has no drivers for the other cards.
  copyFileSync(join(root, 'artifacts/bzImage'), join(here.path, 'bzImage'));
  const pcap = join(here.path, 'a, b.pcap');
  const port = await freePort();
  const options = [
    ...['boot', '--kernel', join(here.path, 'bzImage'), '--accel', 'tcg'],
    ...['--net', 'lab:models,model=e1000'],
    ...['--net', `user,mac=52:54:00:aa:bb:cc,pcap=${pcap.replace(',', ',,')},ip=10.0.2.20/24,ip=fd00::9/64`],
    ...['--net', 'user,model=rtl8139', '--net', 'user,mac=random'],
    ...['--forward', `tcp:${port}-10.0.2.20:7777`],
  ];
  const script = `echo here | nc -l -p 7777
    cat /sys/bus/pci/devices/*/device | grep -E '0x100e|0x8139'
    for card in /sys/class/net/eth*; do echo \${card##*/} $(cat $card/address); done
    ip -o address show up | sed -n 's/.*\\(eth[0-9]\\) *\\(inet6* [^ ]*\\).*/\\1 \\2/p' | grep -vE 'fe80|fec0'`;
  const [said, { status, stdout, stderr }] = await Promise.all([
    heard(port),
    eulab([...options, '--', 'sh', '-c', script], { env: { XDG_RUNTIME_DIR: here.path } }),
  ]);
  expect([said, status, stderr]).toEqual(['here\n', 0, expect.any(String)]);
  const lines = stdout.toString().trim().split('\n');
  expect(lines).toEqual([
    ...['0x100e', '0x8139', 'eth1 52:54:00:aa:bb:cc', expect.stringMatching(/^eth3 52:54:00(:[0-9a-f]{2}){3}$/)],
    ...['eth1 inet 10.0.2.20/24', 'eth1 inet6 fd00::9/64', 'eth3 inet 10.0.4.15/24'],
  ]);
  expect(etherTypes(pcap)).toContain(ipv4);
  expect([await leftWith(here.path), readdirSync(join(here.path, 'eulab'))]).toEqual([[], []]);
}, 60_000);

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, type Ended, folder, program } from '../../eulab.ts';

/** How eulab is disturbed: at its n-th change of the host, a line of the shell is run, in which $PPID is eulab. */
export interface Disturbance {
  readonly step: number;
  readonly line: string;
}

/** A host with a network card and a router, each in a network namespace of its own. */
export interface Host extends Disposable {
  /** Where eulab keeps its journal. */
  readonly state: string;
  /** Calls eulab in the host. */
  eulab(args: readonly string[], disturbance?: Disturbance): Promise<Ended>;
  /** Runs a program in the host and returns what it prints. @throws when its status is not 0. */
  inside(...args: readonly string[]): string;
  /** The same in the router. */
  router(...args: readonly string[]): string;
  /** The router's namespace. */
  readonly routerName: string;
  /** A program that runs in the host or the router. */
  program(where: 'host' | 'router', ...args: readonly string[]): Promise<Ended>;
  /** Addresses and routes, as `ip -j` prints them. */
  snapshot(): string;
  /** Another namespace with a cable into a bridge of the host, and the name of its end there. */
  guest(bridge: string): Guest;
  /** Changes of the host that the last call of eulab made. */
  steps(): number;
}

export interface Guest {
  readonly port: string;
  inside(...args: readonly string[]): string;
  program(...args: readonly string[]): Promise<Ended>;
}

let made = 0;

let sweeping = false;

/** A shell that waits for the end of this process, however it comes, and then removes the namespaces that it left. */
function sweepAtTheEnd(): void {
  if (sweeping) return;
  sweeping = true;
  const child = spawn('sh', ['-c', sweep, 'sweep', `eulab-${process.pid}-`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
}

/** Its input is a pipe of ours that nobody writes to: it ends when we do. */
const sweep = `
read -r _
for space in $(ip netns list | cut -d ' ' -f 1 | grep "^$1"); do
  ip netns pids "$space" | xargs -r kill -9
  ip netns delete "$space"
done
`;

/** The programs by which eulab changes a host; each call that only reads is no step. */
const changers = ['ip', 'nft', 'sysctl', 'iptables', 'ip6tables', 'dnsmasq', 'timeout', 'kill'];

/**
 * A host: two IPv4 addresses, one of IPv6 and a link-local one, a default route with a metric and a source, one more route;
 * at 192.168.0.20, its router at .1. Nothing of the machine's own network is touched. Gone, with all that runs in it, when
 * disposed. eulab sees no programs but those that it needs, and not even those of `without`.
 */
export function host({ without = [] }: { readonly without?: readonly string[] } = {}): Host {
  sweepAtTheEnd();
  const here = folder();
  const [name, far] = ['h', 'r'].map((end) => `eulab-${process.pid}-${made++}${end}`) as [string, string];
  const namespaces = [name, far];
  const run = (file: string, ...args: readonly string[]) => execFileSync(file, args, { stdio: 'pipe' }).toString();
  const into =
    (space: string) =>
    (...args: readonly string[]) =>
      run('ip', 'netns', 'exec', space, ...args);
  const [inside, router] = [into(name), into(far)];
  const cleanUp = () => {
    for (const space of namespaces) {
      for (const pid of run('ip', 'netns', 'pids', space).split('\n').filter(Boolean)) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
      run('ip', 'netns', 'delete', space);
    }
    here[Symbol.dispose]();
  };
  for (const space of namespaces) {
    run('ip', 'netns', 'add', space);
    // Else a link-local address is tentative for a second.
    into(space)('sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv4.ip_forward=0');
  }
  run('ip', 'link', 'add', 'name', 'enp4s0', 'netns', name, 'type', 'veth', 'peer', 'name', 'wan', 'netns', far);
  run('ip', '-n', far, '-batch', batch(here.path, 'router', routerSetUp));
  run('ip', '-n', name, '-batch', batch(here.path, 'host', hostSetUp));
  const count = join(here.path, 'count');
  const state = join(here.path, 'state');
  const path = programs(here.path, count, without);
  return {
    state,
    eulab: (args, disturbance) => {
      writeFileSync(count, '0');
      const env = {
        EULAB_NET_STATE: state,
        DISTURB_AT: String(disturbance?.step ?? 0),
        DISTURB: disturbance?.line ?? '',
      };
      // The wrappers are for eulab alone: this very `ip` is no step, and its parent is the test.
      const inNamespace = ['netns', 'exec', name, 'env', `PATH=${path}`];
      return program('ip', [...inNamespace, process.execPath, bundle, 'net', ...args], { env });
    },
    inside,
    router,
    routerName: far,
    program: (where, ...args) => program('ip', ['netns', 'exec', where === 'host' ? name : far, ...args]),
    snapshot: () => [['addr'], ['route'], ['-6', 'route']].map((args) => inside('ip', '-j', ...args)).join(''),
    guest: (bridge) => {
      const space = `eulab-${process.pid}-${made++}g`;
      run('ip', 'netns', 'add', space);
      namespaces.push(space);
      const port = `port${made}`;
      run('ip', 'link', 'add', 'name', port, 'netns', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      inside('ip', 'link', 'set', 'dev', port, 'master', bridge, 'up');
      run('ip', '-n', space, 'link', 'set', 'dev', 'eth0', 'up');
      return { port, inside: into(space), program: (...args) => program('ip', ['netns', 'exec', space, ...args]) };
    },
    steps: () => Number(readFileSync(count, 'utf8')),
    [Symbol.dispose]: cleanUp,
  };
}

const routerSetUp = [
  'link set dev lo up',
  'link set dev wan up',
  'addr add 192.168.0.1/24 dev wan',
  'addr add 2001:db8::1/64 dev wan',
];

const hostSetUp = [
  'link set dev lo up',
  'link set dev enp4s0 up',
  'addr add 192.168.0.20/24 broadcast + dev enp4s0',
  'addr add 192.168.0.21/24 broadcast + dev enp4s0',
  'addr add 2001:db8::20/64 dev enp4s0',
  'addr add 2001:db8::21/64 dev enp4s0',
  'route add default via 192.168.0.1 dev enp4s0 proto dhcp src 192.168.0.20 metric 100',
  'route add 10.5.0.0/16 via 192.168.0.1 dev enp4s0 onlink mtu 1400',
  'route add ::/0 via 2001:db8::1 dev enp4s0 proto static metric 90',
];

function batch(path: string, name: string, lines: readonly string[]): string {
  const file = join(path, `${name}.batch`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** A folder for PATH. In it each changer does its work, counts it, and runs the disturbance when its turn has come. */
function programs(path: string, count: string, without: readonly string[]): string {
  const bin = join(path, 'bin');
  mkdirSync(bin);
  for (const name of [...changers, 'sh', 'cat', 'sleep', 'grep', 'tr'].filter((one) => !without.includes(one))) {
    const real = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
      .map((place) => join(place, name))
      .find((place) => existsSync(place));
    if (real === undefined) continue;
    if (changers.includes(name)) writeFileSync(join(bin, name), counted(real, count), { mode: 0o755 });
    else symlinkSync(real, join(bin, name));
  }
  return bin;
}

/** Calls that only read are no steps; nor is the question whether a gateway answers. */
const counted = (real: string, count: string) => `#!/bin/sh
case "$*" in -j*|-o*|'-c '*|'list '*|*'-S '*|*'nud probe') exec ${real} "$@" ;; esac
n=$(($(cat ${count}) + 1))
echo $n >${count}
${real} "$@"
code=$?
[ $n != "$DISTURB_AT" ] || eval "$DISTURB"
exit $code
`;

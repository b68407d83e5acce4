import { randomBytes } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { self } from '../../artifacts/holder.ts';
import { EulabError, status } from '../../errors.ts';
import type { NicAsked } from '../../net-values.ts';
import { switchSocket } from '../../switch/control.ts';
import { absolute } from './host.ts';
import { type Backend, type GuestNet, type Mac, type Nic, userGuest, usersBefore } from './nic.ts';

/** What a user asks of a machine's network, as the settings have it. All but `net` and `forward` are the first card's. */
export interface NetOptions {
  readonly net?: readonly (NicAsked | 'none')[] | undefined;
  readonly mac?: string | undefined;
  readonly ip?: readonly string[] | undefined;
  readonly gateway?: readonly string[] | undefined;
  readonly dns?: readonly string[] | undefined;
  readonly pcap?: string | undefined;
  /** The first card's that is in QEMU's own network. */
  readonly forward?: readonly string[] | undefined;
}

/** What this user has on this host. */
export interface Own {
  /** The folder of the sockets. */
  readonly runtime: string;
  /** The tap device that `net up --tap-user` makes. */
  readonly tap: string;
  /** The program that makes tap devices on bridges; asked for when there is a card on one. @throws EulabError (3) without it */
  readonly helper: () => string;
}

/** As many as the guest's first process takes. */
const mostNics = 8;

/**
 * The cards that the options describe. A file for packets is looked at, not made.
 *
 * @throws EulabError (2) that names the option and the value.
 */
export function nicsOf(options: NetOptions, own: Own): Nic[] {
  const asked = cards(options);
  for (const { net } of asked) if (net.kind === 'lab') checkSocket(net.name, own.runtime);
  const first = asked.findIndex(({ net }) => net.kind === 'user');
  if (options.forward !== undefined && first < 0) {
    throw refused(`--forward ${options.forward[0]} needs a card in QEMU's own network`, 'add one: --net user');
  }
  const nics = asked.map((card, index): Nic => {
    const backends = asked.map(({ net }) => ({ backend: net }));
    return {
      backend: backendOf(card, index === first ? (options.forward ?? []) : [], own),
      model: card.model,
      mac: macFor(card, asked.length),
      pcap: card.pcap === undefined ? undefined : packetFile(card.pcap),
      guest: guestNet(card, usersBefore(backends, index)),
    };
  });
  checkMacs(nics);
  return nics;
}

/** Node cuts a longer path without a word, and another socket is made. @see unix(7) */
const longestSocket = 107;

function checkSocket(lab: string, runtime: string): void {
  const bytes = Buffer.byteLength(switchSocket(runtime, lab));
  if (bytes <= longestSocket) return;
  throw refused(
    `--net lab:${lab}: the path of its socket, in ${runtime}, has ${bytes} bytes; ${longestSocket} are the most`,
    'choose a shorter name, or set XDG_RUNTIME_DIR to a folder with a shorter path',
  );
}

/** What `--net` asks for, with the options of the first card in it. */
function cards({ net = [], mac, ip, gateway, dns, pcap, forward }: NetOptions): NicAsked[] {
  const usual: NicAsked = { net: { kind: 'user' }, model: 'virtio', ip: [], gateway: [], dns: [] };
  const asked = net.filter((card) => card !== 'none');
  const own = Object.entries({ mac, ip, gateway, dns, pcap, forward }).find(([, value]) => value !== undefined)?.[0];
  if (asked.length < net.length) {
    if (net.length > 1) throw refused('--net none is no card: it cannot stand beside others', 'leave it out');
    if (own !== undefined && !(own === 'ip' && ip?.join() === 'none')) {
      throw refused(`--${own} is for a card, and --net none is none`, 'take --net user, or leave it out');
    }
    return [];
  }
  if (asked.length > mostNics) throw refused(`${asked.length} cards are more than a guest is given`, `at most ${mostNics}`);
  const [first = usual, ...others] = asked;
  const whole = {
    ...first,
    ...(mac === undefined ? {} : { mac }),
    ...(pcap === undefined ? {} : { pcap }),
    ip: ip ?? first.ip,
    gateway: gateway ?? first.gateway,
    dns: dns ?? first.dns,
  };
  return [whole, ...others];
}

function backendOf({ net, model, labPcap, pcap }: NicAsked, forwards: readonly string[], own: Own): Backend {
  if (net.kind === 'lab') return { ...net, pcap: labPcap === undefined ? undefined : packetFile(labPcap) };
  if (labPcap !== undefined) throw refused(`lab-pcap=${labPcap} is for --net lab:NAME`, 'of one card: pcap=FILE');
  if (net.kind === 'bridge') return { ...net, helper: own.helper() };
  // What the kernel moves is not seen by QEMU, which is to write it down.
  if (net.kind === 'tap') return { kind: 'tap', name: net.name ?? own.tap, vhost: model === 'virtio' && !pcap && vhost() };
  return { kind: 'user', forwards };
}

/** Whether we may use the kernel's own virtio-net: QEMU does not start when it is told to and cannot. */
function vhost(): boolean {
  try {
    accessSync('/dev/vhost-net', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A card that is alone in QEMU's own network meets nobody who could have the same address. */
function macFor({ net, mac }: NicAsked, count: number): Mac {
  if (mac === 'random') return { kind: 'given', address: randomMac() };
  if (mac !== undefined) return { kind: 'given', address: mac };
  if (net.kind === 'user' && count === 1) return { kind: 'default' };
  return { kind: 'named', seed: `${self().machine}/${process.getuid?.() ?? 0}` };
}

/** Below the prefix that QEMU's own cards have. */
function randomMac(): string {
  return ['52', '54', '00', ...Array.from(randomBytes(3), (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

function checkMacs(nics: readonly Nic[]): void {
  const given = nics.flatMap(({ mac }) => (mac.kind === 'given' ? [mac.address] : []));
  const twice = given.find((address, index) => given.indexOf(address) < index);
  if (twice !== undefined) throw refused(`two cards have the address ${twice}`, 'give each its own, or leave it out');
}

function guestNet({ net, ip, gateway, dns }: NicAsked, usersBefore: number): GuestNet {
  const [word] = ip;
  if (word === undefined && gateway.length + dns.length === 0) {
    return net.kind === 'user' ? userNet(usersBefore) : net.kind === 'lab' ? unset : leased;
  }
  const fixed = word !== undefined && word !== 'dhcp' && word !== 'none';
  if (ip.length > 1 && ip.some((one) => one === 'dhcp' || one === 'none')) {
    throw refused(`--ip ${ip.join(' --ip ')}: dhcp and none stand alone`, 'leave one of them out');
  }
  if (!fixed && gateway.length + dns.length > 0) {
    const [option, value] = gateway.length > 0 ? ['gateway', gateway[0]] : ['dns', dns[0]];
    throw refused(`--${option} ${value} is for an address that is said too`, 'add it: --ip ADDRESS/PREFIX');
  }
  return { addresses: fixed ? ip : word === 'dhcp' ? 'dhcp' : 'none', gateways: gateway, dns };
}

const unset: GuestNet = { addresses: 'none', gateways: [], dns: [] };

/** On a bridge there is a server: ours, or the LAN's. */
const leased: GuestNet = { ...unset, addresses: 'dhcp' };

/** The first one leads out; the others have addresses only. */
function userNet(usersBefore: number): GuestNet {
  return usersBefore === 0 ? userGuest : { ...unset, addresses: [`10.0.${2 + usersBefore}.15/24`] };
}

/** The absolute path of a file for packets. @throws EulabError (2) when it cannot be written. */
function packetFile(path: string): string {
  const file = absolute(path);
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw refused(`${path} is a folder: packets go to a file`, 'name a file in it');
    accessSync(there === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    if (error instanceof EulabError) throw error;
    throw refused(`packets cannot be written to ${path}: ${(error as NodeJS.ErrnoException).code}`, 'name another file');
  }
  return file;
}

function refused(message: string, hint: string): EulabError {
  return new EulabError(message, { hint, exitCode: status.usage });
}

import * as v from 'valibot';
import { nearest } from './nearest.ts';

/** Where the other end of a card's cable is. */
export type NetAsked =
  | { readonly kind: 'user' }
  | { readonly kind: 'lab'; readonly name: string }
  | { readonly kind: 'bridge'; readonly name: string }
  | {
      readonly kind: 'tap';
      /** Undefined for the one that `net up --tap-user` makes for this user. */
      readonly name: string | undefined;
    };

/** The cards that eulab gives a guest, by the names of the option. */
export const nicModels = ['virtio', 'e1000', 'rtl8139'] as const;

export type NicModel = (typeof nicModels)[number];

/** A network card as `--net` asks for it. */
export interface NicAsked {
  readonly net: NetAsked;
  readonly model: NicModel;
  /** Six bytes in hexadecimal, or `random`. */
  readonly mac?: string;
  /** The file for what goes through this card. */
  readonly pcap?: string;
  /** The file for what goes through the whole of a lab. */
  readonly labPcap?: string;
  /** ADDRESS/PREFIX, once for each; or `dhcp`, or `none`. */
  readonly ip: readonly string[];
  readonly gateway: readonly string[];
  readonly dns: readonly string[];
}

const labForm = /^lab:([A-Za-z0-9][A-Za-z0-9._-]{0,31})$/;

const nets = 'user, none, lab:NAME, bridge[:NAME], tap[:NAME]';

/** The bridge that `net up` makes unless told otherwise. */
export const usualBridge = 'vmbr0';

/** The guest's addresses: ADDRESS/PREFIX of IPv4 or IPv6, dhcp, or none. */
export const ipSchema = v.pipe(
  v.string(),
  v.check((text) => text === 'dhcp' || text === 'none' || isNetwork(text), 'is not dhcp, none or ADDRESS/PREFIX'),
);

/** One address, IPv4 or IPv6. */
export const addressSchema = v.pipe(v.string(), v.check(isAddress, 'is no address'));

/** A card's address: of one card, not of a group of them; or `random`. */
export const macSchema = v.pipe(
  v.string(),
  v.regex(/^(random|[0-9a-f]{2}(:[0-9a-f]{2}){5})$/i, 'is neither random nor six bytes such as 52:54:00:12:34:56'),
  v.toLowerCase(),
  v.check((text) => text === 'random' || Number.parseInt(text.slice(0, 2), 16) % 2 === 0, "is a group's: the first byte is odd"),
  v.check((text) => text !== '00:00:00:00:00:00', 'is no address at all'),
);

/**
 * `tcp:127.0.0.1:10022-:22` in QEMU's own form. Without a host's address it is 127.0.0.1: whoever means all of the host's
 * addresses says 0.0.0.0.
 */
export const forwardSchema = v.pipe(
  v.string(),
  v.transform((text) => /^(tcp|udp):(?:([\d.]*):)?(\d{1,5})-([\d.]*):(\d{1,5})$/.exec(text)),
  v.custom<RegExpExecArray>((found) => found !== null, 'is not such as tcp:127.0.0.1:10022-:22'),
  v.check(
    ([, , host = '', , guest = '']) => [host, guest].every((one) => one === '' || isIpv4(one)),
    'has no IPv4 address there',
  ),
  v.check(
    ([, , , ...rest]) => [rest[0], rest[2]].every((one) => Number(one) >= 1 && Number(one) <= 65_535),
    'has a port that is none',
  ),
  v.transform(([, protocol, host, port, guest, to]) => `${protocol}:${host || '127.0.0.1'}:${port}-${guest}:${to}`),
);

/** A name that Linux takes for an interface, and every program here for a word. @see ip-link(8) */
export const interfaceSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'is no name: letters, digits, . _ -'),
  v.maxLength(15, 'is too long: Linux takes 15 characters'),
);

/** The name of a user, as shadow-utils takes it. @see useradd(8) */
export const userSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/, 'is no name of a user'));

/** ADDRESS/PREFIX of IPv4 with room for guests, which is neither the first nor the last of its network. */
export const hostAddressSchema = v.pipe(
  v.string(),
  v.regex(/^(\d{1,3}\.){3}\d{1,3}\/([89]|[12]\d)$/, 'is no ADDRESS/PREFIX such as 10.77.0.1/24'),
  v.check((text) => isIpv4(text.replace(/\/.*/, '')), 'has a number above 255'),
  v.check((text) => {
    const size = 2 ** (32 - Number(text.replace(/.*\//, '')));
    const place =
      text
        .replace(/\/.*/, '')
        .split('.')
        .reduce((sum, part) => sum * 256 + Number(part), 0) % size;
    return place !== 0 && place !== size - 1;
  }, 'is the first or the last of its network, which no host may have'),
);

/** What each key behind the net's name may be. */
const keys = {
  model: v.picklist(nicModels, `is no card; there are ${nicModels.join(', ')}`),
  mac: macSchema,
  pcap: v.pipe(v.string(), v.nonEmpty('names no file')),
  'lab-pcap': v.pipe(v.string(), v.nonEmpty('names no file')),
  ip: ipSchema,
  gateway: addressSchema,
  dns: addressSchema,
} as const;

/** `NET[,KEY=VALUE]...`; `none` is no card. A comma in a value is doubled, as QEMU has it. */
export const nicSchema = v.pipe(
  v.string(),
  v.rawTransform<string, NicAsked | 'none'>(({ dataset, addIssue, NEVER }) => {
    const [name = '', ...words] = split(dataset.value);
    if (name === 'none' && words.length === 0) return 'none';
    const net = netAsked(name);
    const values = new Map<string, string[]>();
    const wrong = typeof net === 'string' ? net : words.map((word) => take(word, values)).find((found) => found !== undefined);
    if (typeof net === 'string' || wrong !== undefined) {
      addIssue({ message: wrong ?? '' });
      return NEVER;
    }
    return nicAsked(net, values);
  }),
);

/** What a net's name says, or what is wrong with it. */
function netAsked(text: string): NetAsked | string {
  if (text === 'user') return { kind: 'user' };
  const lab = labForm.exec(text)?.[1];
  if (lab !== undefined) return { kind: 'lab', name: lab };
  const [kind, name] = text.split(/:(.*)/s);
  if (kind !== 'bridge' && kind !== 'tap') return `is none of ${nets}`;
  const found = name === undefined ? undefined : v.safeParse(interfaceSchema, name);
  if (found?.success === false) return `has the name ${JSON.stringify(name)}, which ${found.issues[0].message}`;
  return kind === 'tap' ? { kind, name } : { kind, name: name ?? usualBridge };
}

function nicAsked(net: NetAsked, values: ReadonlyMap<string, readonly string[]>): NicAsked {
  const last = (key: keyof typeof keys) => values.get(key)?.at(-1);
  const [mac, pcap, labPcap] = [last('mac'), last('pcap'), last('lab-pcap')];
  return {
    net,
    model: nicModels.find((model) => model === last('model')) ?? 'virtio',
    ...(mac === undefined ? {} : { mac }),
    ...(pcap === undefined ? {} : { pcap }),
    ...(labPcap === undefined ? {} : { labPcap }),
    ip: values.get('ip') ?? [],
    gateway: values.get('gateway') ?? [],
    dns: values.get('dns') ?? [],
  };
}

/** Puts one KEY=VALUE to the others; returns what is wrong with it. */
function take(word: string, values: Map<string, string[]>): string | undefined {
  const [key = '', value = ''] = word.split(/=(.*)/s);
  if (!(key in keys)) {
    const near = nearest(key, Object.keys(keys));
    return `has ${JSON.stringify(key)}, ${near === undefined ? `which is none of ${Object.keys(keys).join(', ')}` : `did you mean ${near}?`}`;
  }
  const result = v.safeParse(keys[key as keyof typeof keys], value);
  if (!result.success) return `has ${word}, whose value ${result.issues[0].message}`;
  values.set(key, [...(values.get(key) ?? []), result.output]);
  return undefined;
}

function split(text: string): string[] {
  return text
    .replaceAll(',,', '\0')
    .split(',')
    .map((word) => word.replaceAll('\0', ','));
}

function isNetwork(text: string): boolean {
  const [address = '', prefix = ''] = text.split(/\/(.*)/s);
  return isAddress(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIpv4(address) ? 32 : 128);
}

function isAddress(text: string): boolean {
  return isIpv4(text) || (/^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`));
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
}

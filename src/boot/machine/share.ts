import { EulabError, status } from '../../errors.ts';
import { fields } from '../../fields.ts';
import { optionValue } from './option-value.ts';

/** A folder of the host that the guest sees, over 9p. */
export interface Share {
  /** On the host; absolute. */
  readonly host: string;
  /** Where the guest mounts it; absolute. */
  readonly guest: string;
  readonly writable: boolean;
}

/** A guest with a mount on one of these, or below one with a slash at its end, would lose what it runs on. */
const reserved = ['/', '/bin', '/dev', '/proc', '/proc/', '/sbin', '/sys', '/sys/'];

const form = 'write --share HOSTDIR[:GUESTDIR][:ro], and a colon in a name as \\:';

/**
 * The share that `HOSTDIR[:GUESTDIR][:ro]` describes. Pure: `absolute` makes a host's path absolute.
 *
 * A backslash takes what follows it as it is, so that a name can have a colon. Without GUESTDIR the guest has the folder
 * at the host's own path.
 *
 * @throws EulabError (2) for another form, and for a place where the guest cannot have it.
 */
export function share(text: string, absolute: (path: string) => string): Share {
  const all = fields(text);
  const mode = all.length > 1 && /^r[ow]$/.test(all.at(-1) ?? '') ? all.pop() : 'rw';
  const [from = '', to] = all;
  if (from === '' || all.length > 2) throw refused(text, 'is not HOSTDIR[:GUESTDIR][:ro]', form);
  if (to !== undefined && !to.startsWith('/')) throw refused(text, `the guest's folder ${to} is not absolute`, form);
  const host = absolute(from);
  return { host, guest: place(text, to ?? host), writable: mode === 'rw' };
}

/** The shares in the order in which a guest mounts them, parents first. @throws EulabError (2) for two at one place. */
export function mountOrder(shares: readonly Share[]): Share[] {
  const sorted = shares.toSorted((a, b) => a.guest.length - b.guest.length);
  const places = sorted.map(({ guest }) => guest);
  const twice = places.find((guest, index) => places.indexOf(guest) !== index);
  if (twice !== undefined) throw refused(twice, 'two folders cannot be at one place', 'name another GUESTDIR for one of them');
  return sorted;
}

/**
 * The arguments that give a machine its shares, each with the tag `shareN`.
 *
 * security_model=none: what the guest makes belongs to the user who runs QEMU, with the modes the guest gave it, and only that
 * user's own files can be given away. mapped-xattr would leave files of mode 0600 that only such a guest can read right.
 * remap: two file systems below one folder must not show one inode number twice.
 *
 * @see qemu(1), "-fsdev local"
 */
export function shareArgs(shares: readonly Share[], device: (name: string) => string): string[] {
  return shares.flatMap(({ host, writable }, index) => {
    const path = optionValue(host);
    const readonly = writable ? '' : ',readonly=on';
    return [
      ...['-fsdev', `local,id=share${index},path=${path},security_model=none,multidevs=remap${readonly}`],
      ...['-device', `${device('virtio-9p')},fsdev=share${index},mount_tag=share${index}`],
    ];
  });
}

/** The words of the kernel's command line that tell eulab-agent what to mount where, and where the command starts. */
export function shareWords(shares: readonly Share[], cwd: string | undefined): string[] {
  const mounts = shares.map(
    ({ guest, writable }, index) => `eulab.share=share${index}:9p:${writable ? 'rw' : 'ro'}:${escaped(guest)}`,
  );
  return cwd === undefined ? mounts : [...mounts, `eulab.cwd=${escaped(cwd)}`];
}

/** A path as utils/agent/words.c reads it back: bytes that mean something to the kernel or to us are written `\0ooo`. */
export function escaped(path: string): string {
  return Array.from(Buffer.from(path), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_./+@,-]/.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
  }).join('');
}

function place(text: string, guest: string): string {
  const plain = guest.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
  if (plain.split('/').some((part) => part === '..' || part === '.')) {
    throw refused(text, `the guest's folder ${guest} has . or .. in it`, form);
  }
  const taken = reserved.some((path) => (path.length > 1 && path.endsWith('/') ? plain.startsWith(path) : plain === path));
  if (taken) throw refused(text, `the guest needs its own ${plain}`, 'name another place in the guest: HOSTDIR:GUESTDIR');
  return plain;
}

function refused(text: string, what: string, hint: string): EulabError {
  return new EulabError(`--share ${text}: ${what}`, { hint, exitCode: status.usage });
}

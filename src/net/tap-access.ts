import { accessSync, constants, existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ErrorFacts, EulabError, isErrno, status } from '../errors.ts';

/** @see netdevice(7) */
const isUp = 1;

/** @see linux/if_tun.h: IFF_TAP, IFF_MULTI_QUEUE */
const tapFlag = 2;
const severalQueues = 0x100;

/** The error of a host that is not ready, with the command that mends it. */
export function notReady(message: string, hint: string, facts: Pick<ErrorFacts, 'check' | 'remedy'> = {}): EulabError {
  return new EulabError(message, { hint, exitCode: status.notReady, ...facts });
}

/** What sysfs says of an interface; undefined when it does not say it. */
function said(name: string, file: string): string | undefined {
  try {
    return readFileSync(join('/sys/class/net', name, file), 'utf8').trim();
  } catch {
    // Some are not to be read while the interface is down.
    return undefined;
  }
}

/** Looks whether an interface is there, is a `kind`, and is up. @throws EulabError (3) */
export function checkLink(name: string, kind: 'bridge' | 'tap device', make: string): void {
  const flags = said(name, 'flags');
  const check = kind === 'bridge' ? 'bridge' : undefined;
  if (flags === undefined) throw notReady(`there is no ${kind} ${name}`, `make it: ${make}`, { check });
  const right = kind === 'bridge' ? existsSync(join('/sys/class/net', name, 'bridge')) : (tunFlags(name) & tapFlag) !== 0;
  if (!right)
    throw notReady(`${name} is no ${kind}`, kind === 'bridge' ? 'name another: --net bridge:NAME' : `make one: ${make}`);
  if ((Number(flags) & isUp) === 0) {
    throw notReady(
      `the ${kind} ${name} is down: the guest would reach nobody`,
      `sudo ip link set dev ${name} up; if eulab made it, eulab net up also mends what went with it`,
      { check, remedy: `sudo ip link set dev ${name} up` },
    );
  }
}

const tunFlags = (name: string) => Number(said(name, 'tun_flags') ?? 0);

/** Looks whether we may open /dev/net/tun, by which tap devices are had. @throws EulabError (3) */
export function checkTun(): void {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ENOENT') {
      const remedy = 'sudo modprobe tun';
      throw notReady('this host has no /dev/net/tun', `load its driver: ${remedy}`, { check: 'tun', remedy });
    }
    throw notReady(
      'you may not open /dev/net/tun; the bridge helper opens it as you too',
      'sudo chmod 666 /dev/net/tun: it gives nobody a right to an interface',
      { check: 'tun', remedy: 'sudo chmod 666 /dev/net/tun' },
    );
  }
}

/**
 * Looks at all that QEMU needs to open a tap device as this user.
 *
 * @throws EulabError (3) for the first thing that is not as it must be, with the command that mends it.
 */
export function checkTap(name: string, user: string): void {
  checkLink(name, 'tap device', `sudo eulab net up --tap-user ${user}`);
  const [owner, group] = [said(name, 'owner'), said(name, 'group')];
  const uid = process.geteuid?.() ?? 0;
  const mine = owner === String(uid) || (group !== '-1' && ourGroups().includes(Number(group)));
  const anyones = owner === '-1' && group === '-1';
  if (uid !== 0 && !mine && !anyones) {
    throw notReady(
      `the tap device ${name} belongs to ${owner === '-1' ? `the group ${group}` : `the user ${owner}`}`,
      `have one of your own: sudo eulab net up --tap-user ${user}`,
    );
  }
  if ((tunFlags(name) & severalQueues) !== 0) {
    throw notReady(
      `the tap device ${name} has several queues, and this machine opens one`,
      `make it anew: sudo ip link delete dev ${name}; sudo eulab net up --tap-user ${user}`,
    );
  }
  if (said(name, 'carrier') === '1') {
    throw notReady(
      `the tap device ${name} is in use by another machine`,
      'end that one, or take --net bridge, of which there are many',
    );
  }
  checkTun();
  const master = masterOf(name);
  if (master !== undefined) checkLink(master, 'bridge', 'sudo eulab net up');
}

function ourGroups(): readonly number[] {
  return [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])];
}

function masterOf(name: string): string | undefined {
  try {
    return basename(readlinkSync(join('/sys/class/net', name, 'master')));
  } catch {
    return undefined;
  }
}

import { accessSync, constants, existsSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EulabError, isErrno, status } from '../errors.ts';
import { locate, probe, start } from '../exec.ts';
import { type AclFile, type Verdict, verdict } from './acl.ts';
import { checkLink, checkTun, notReady } from './tap-access.ts';

const name = 'qemu-bridge-helper';

/** Where distributions put it: Debian, Arch and Alpine; Fedora and RHEL; openSUSE; NixOS; what was built here. */
const places = [
  '/usr/lib/qemu',
  '/usr/libexec',
  '/usr/libexec/qemu',
  '/usr/lib',
  '/usr/lib64/qemu',
  '/run/wrappers/bin',
  '/usr/local/libexec',
  '/usr/local/lib/qemu',
];

/**
 * The path of qemu-bridge-helper: `named`, or the one beside this QEMU, or where distributions put it; of several the first that
 * somebody has given rights.
 *
 * @throws EulabError (3) when there is none.
 */
export function findHelper(named: string | undefined, qemu: string | undefined): string {
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw notReady(`there is no bridge helper ${named}, as --bridge-helper has it`, `leave it out: eulab finds QEMU's own`, {
      check: 'helper',
    });
  }
  const helper = helperPath(qemu);
  if (helper !== undefined) return helper;
  throw notReady(
    `${name} is not installed, by which QEMU joins a bridge without root`,
    'apt-get install qemu-system-common; where it is elsewhere, name it: --bridge-helper FILE',
    { check: 'helper', remedy: 'sudo apt-get install -y qemu-system-common' },
  );
}

/** As `findHelper`; undefined when there is none. */
export function helperPath(qemu: string | undefined): string | undefined {
  const prefix = qemu === undefined ? [] : [dirname(dirname(realpathSync(qemu)))];
  const beside = prefix.flatMap((path) => ['libexec', 'lib/qemu', 'libexec/qemu'].map((folder) => join(path, folder)));
  const found = [...beside, ...places].map((folder) => join(folder, name)).filter((file) => existsSync(file));
  return found.find((file) => setuidRoot(statSync(file))) ?? found[0];
}

/**
 * Looks at all that QEMU needs to join `bridge` through `helper` as this user. With `tries` the helper is called too, as QEMU
 * calls it: it makes a tap device that goes as soon as it is made.
 *
 * @throws EulabError (3) for the first thing that is not as it must be, with the command that mends it.
 */
export async function checkBridge(bridge: string, helper: string, tries: boolean): Promise<void> {
  checkLink(bridge, 'bridge', `sudo eulab net up --bridge ${bridge}`);
  await checkHelper(bridge, helper);
  checkRules(bridge, helper);
  checkTun();
  if (tries) await tryHelper(bridge, helper);
}

/** Looks whether the helper may be run, and has the right that it needs. @throws EulabError (3) */
export async function checkHelper(bridge: string, helper: string): Promise<void> {
  checkRunnable(helper);
  checkNoNewPrivileges();
  if ((await privilege(helper)) !== 'none') return;
  const remedy = `sudo setcap cap_net_admin+ep ${helper}`;
  throw notReady(
    `${helper} has no right to make a tap device: it is neither setuid nor has it cap_net_admin`,
    `sudo eulab net up --bridge ${bridge} --bridge-user "$USER"; or: ${remedy}`,
    { check: 'helper', remedy },
  );
}

function checkRunnable(helper: string): void {
  try {
    accessSync(helper, constants.X_OK);
  } catch (error) {
    if (!isErrno(error)) throw error;
    const { mode, gid } = statSync(helper);
    const remedy = `sudo chmod a+x ${helper}`;
    if ((mode & 0o111) === 0) throw notReady(`${helper} is not executable`, remedy, { check: 'helper', remedy });
    const group = groupOf(gid);
    throw notReady(
      `you may not run ${helper}: it is for the group ${group}`,
      `sudo usermod -aG ${group} "$USER", then log in again`,
      { check: 'helper', remedy: `sudo usermod -aG ${group} "$USER"` },
    );
  }
}

function groupOf(gid: number): string {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? String(gid);
}

/** @see prctl(2), PR_SET_NO_NEW_PRIVS */
function checkNoNewPrivileges(): void {
  if (isRoot() || !/^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'utf8'))) return;
  throw notReady(
    'this process may gain no rights (no_new_privs), so neither may the bridge helper',
    'start it outside of the container, unit or sandbox that set this; or take a network that needs no rights: --net tap, --net lab:NAME',
  );
}

const isRoot = () => process.geteuid?.() === 0;

const setuidRoot = ({ mode, uid }: Stats) => (mode & 0o4000) !== 0 && uid === 0;

/** The rights of the helper: unknown where nobody can tell. @see capabilities(7) */
async function privilege(helper: string): Promise<'root' | 'capability' | 'none' | 'unknown'> {
  if (isRoot() || setuidRoot(statSync(helper))) return 'root';
  const found = await capabilitiesOf(helper);
  if (found === undefined) return 'unknown';
  return /cap_net_admin[^ ]*[=+][ip]*e?[ip]*p/.test(found) ? 'capability' : 'none';
}

/** The capabilities of a file as setcap(8) takes them, empty for none; undefined where nobody can tell. */
export async function capabilitiesOf(file: string): Promise<string | undefined> {
  const getcap = locate('getcap', { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` });
  if (getcap === undefined) return undefined;
  const { code, stdout } = await probe({ file: getcap, args: [file] });
  // Older ones print PATH = VALUE.
  return code === 0 ? stdout.trim().slice(file.length).replace(/^ = /, '').trim() : undefined;
}

/** The file of rules that is compiled into the helper. */
export function rulesOf(helper: string): string {
  try {
    return /\/[\w./-]*\/qemu\/bridge\.conf/.exec(readFileSync(helper, 'latin1'))?.[0] ?? '/etc/qemu/bridge.conf';
  } catch {
    // It may be for running only.
    return '/etc/qemu/bridge.conf';
  }
}

/** Looks whether the helper's rules let it have the bridge. @throws EulabError (3) */
export function checkRules(bridge: string, helper: string): void {
  const found = verdict(rulesOf(helper), bridge, readRules);
  if (found.kind !== 'allowed') throw refusedBy(found, bridge);
}

function readRules(file: string): AclFile {
  try {
    return { text: readFileSync(file, 'utf8') };
  } catch (error) {
    if (isErrno(error)) return { error: error.code ?? 'EIO' };
    throw error;
  }
}

function refusedBy(found: Exclude<Verdict, { kind: 'allowed' }>, bridge: string): EulabError {
  const { file } = found;
  const allow = `echo 'allow ${bridge}' | sudo tee -a ${file}`;
  const refused = (message: string, remedy: string, hint = remedy) => notReady(message, hint, { check: 'rules', remedy });
  switch (found.kind) {
    case 'missing':
      return refused(
        `there is no ${file}, in which the bridge helper looks for what it may do`,
        `sudo install -d ${dirname(file)} && ${allow}`,
      );
    case 'unreadable':
      return refused(`you may not read ${file}, and the bridge helper reads it as you`, `sudo chmod 644 ${file}`);
    case 'syntax':
      return refused(
        `${file}, line ${found.line}: the bridge helper does not understand ${JSON.stringify(found.text)}`,
        `sudoedit ${file}`,
        `write allow BRIDGE, deny BRIDGE or include FILE there: sudoedit ${file}`,
      );
    case 'denied': {
      const remedy = `sudo sed -i '/^[[:space:]]*${found.rule}[[:space:]]*$/d' ${file}`;
      const message = `${file} says ${JSON.stringify(found.rule)}, which outweighs every allow`;
      return refused(message, remedy, `take that line out: ${remedy}`);
    }
    case 'unmentioned': {
      const [lost] = found.lost;
      if (lost === undefined) return refused(`${file} does not allow the bridge ${bridge}`, allow);
      if (lost.error === 'ENOENT') return refused(`${file} includes ${lost.file}, which is not there`, allow);
      return refused(
        `${file} includes ${lost.file}, which you may not read`,
        `sudo chgrp "$(id -g)" ${lost.file} && sudo chmod 640 ${lost.file}`,
      );
    }
  }
}

/**
 * Calls the helper as QEMU does: the device comes through a socket from which nobody takes it, and goes with it.
 *
 * @throws EulabError (3) with what it said.
 */
export async function tryHelper(bridge: string, helper: string): Promise<void> {
  const child = await start({ file: helper, args: ['--use-vnet', '--fd=3', `--br=${bridge}`] }, [
    'ignore',
    'ignore',
    'pipe',
    'pipe',
  ]);
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const line = child.stdio[3];
  if (line !== null && line !== undefined && 'destroy' in line) line.destroy();
  if (code === 0) return;
  throw new EulabError(`the bridge helper fails on ${bridge}, though all looks as it should`, {
    details: said.split('\n').filter(Boolean),
    hint: said.includes('create tun device')
      ? `its rights have no effect: is ${helper} on a file system that is mounted nosuid, or are you in a user namespace?`
      : `call it yourself: ${helper} --br=${bridge} --fd=3`,
    check: 'helper',
    exitCode: status.notReady,
  });
}

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { quote } from '../../command.ts';
import { known } from '../../known.ts';
import { openFile } from '../../ramdisk/image/file.ts';
import { version } from '../../version.ts';
import type { Hello } from '../channel/frame.ts';
import { type Link, resume } from '../channel/link.ts';
import { type Bare, qemu } from '../machine/qemu.ts';
import { qmp } from '../qmp/qmp.ts';
import { migrate } from '../qmp/verbs.ts';
import type { Vm } from '../vm.ts';

/** A machine's state at the moment when its agent had answered, kept to start from. */
export interface SavedState {
  /** Has the guest's memory in `memory` and all the rest in `devices`. */
  readonly folder: string;
  /** What the agent had said. */
  readonly greeting: Hello;
}

/** As many states as are kept, and how long since they were last used: each holds what its guest had touched of its memory. */
const keptStates = 8;
const keptDays = 7;
const keptBytes = 2 * 2 ** 30;

const files = { memory: 'memory', devices: 'devices', greeting: 'greeting.json' } as const;

/**
 * Why a machine cannot start from a saved state, as a phrase; undefined when it can. What a guest had seen of a disk or a
 * folder before it was saved may be another by the time it is loaded. Pure.
 */
export function unfit({ drives, shares, nodes, vsockCid, debug, net }: Bare): string | undefined {
  if (drives.length > 0) return 'it has disks, which may change meanwhile';
  if (shares.length > 0) return 'it shares folders, which QEMU cannot save';
  if (nodes.length > 0) return 'its memory lies in several NUMA nodes';
  if (vsockCid !== undefined) return "it has a vsock address, which is one machine's alone";
  if (debug !== undefined) return 'it is looked into';
  // Each start gives the guest's one card another address.
  if (net.length > 1 || net.some(({ mac }) => mac.kind !== 'default')) return 'its network cards have addresses of their own';
  return undefined;
}

/**
 * The name of a machine's state: a digest over everything that it depends on, which is QEMU's whole call but for the folder of
 * its sockets and the rate of its counter, what the kernel, the initramfs and the firmware contain, which QEMU and which eulab
 * it is, and which host, whose counter the guest goes on to read.
 */
export async function stateKey(machine: Bare, qemuPath: string, cache: string): Promise<string> {
  const cmdline = machine.cmdline.filter((word) => !word.startsWith('tsc_early_khz='));
  const { args } = qemu({ ...machine, cmdline, folder: '' });
  const hash = createHash('sha256').update(JSON.stringify([version(), hostId(), args]));
  for (const file of [machine.kernel, machine.initrd, machine.firmware]) {
    if (file !== undefined) hash.update(await digestOf(file, cache));
  }
  const { size, mtimeMs, ino } = statSync(qemuPath);
  return hash.update(JSON.stringify([qemuPath, size, mtimeMs, ino])).digest('hex');
}

/** @see machine-id(5) */
function hostId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return hostname();
  }
}

/** The digest of a file's content, which is read once and not again until the file changes. */
async function digestOf(path: string, cache: string): Promise<string> {
  using file = openFile(path, { option: '--kernel or --initrd', maker: 'eulab build' });
  const digests = known<string>(cache, 'digests', 1);
  const recalled = digests.recall(file.identity);
  if (recalled !== undefined) return recalled;
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  const digest = hash.digest('hex');
  digests.remember(file.identity, digest);
  return digest;
}

/** The state of that key; undefined when there is none. It counts as used now. */
export function findState(store: string, key: string): SavedState | undefined {
  const folder = join(store, key);
  try {
    const greeting = JSON.parse(readFileSync(join(folder, files.greeting), 'utf8')) as Hello;
    utimesSync(folder, new Date(), new Date());
    return { folder, greeting };
  } catch {
    return undefined;
  }
}

/** Removes a state, such as one that did not load. */
export function dropState({ folder }: SavedState): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The machine as it is when its state is saved: its memory is a file in `folder`. */
export function saving<Any extends Bare>(machine: Any, folder: string): Any {
  return { ...machine, ram: { file: join(folder, files.memory), shared: true }, incoming: false };
}

/** The machine as it starts from a state: what it writes to its memory is its own. */
export function starting<Any extends Bare>(machine: Any, { folder }: SavedState): Any {
  return { ...machine, ram: { file: join(folder, files.memory), shared: false }, incoming: true };
}

/** A place for a state that is about to be saved; disposing it removes what was not kept. */
export interface Staging extends Disposable {
  readonly folder: string;
  /** Puts the state of a machine there, under its key: whole or not at all. The machine stands still from then on. */
  keep(vm: Vm, greeting: Hello, signal: AbortSignal): Promise<SavedState>;
}

/** Makes room for one more state, and a place for it. */
export function stageState(store: string, key: string, memoryBytes: number): Staging {
  mkdirSync(store, { recursive: true, mode: 0o700 });
  expire(store);
  const folder = join(store, `.${key}.${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  closeSync(openSync(join(folder, files.memory), 'w', 0o600));
  truncateSync(join(folder, files.memory), memoryBytes);
  return {
    folder,
    keep: async (vm, greeting, signal) => {
      const monitor = await qmp(await vm.port('qmp'), { signal });
      // Not paused before: a machine that was running when it was saved goes on by itself when it is loaded.
      await migrate(monitor, `exec:cat >${quote(join(folder, files.devices))}`, {
        capabilities: { 'x-ignore-shared': true },
        signal,
      });
      writeFileSync(join(folder, files.greeting), JSON.stringify(greeting));
      const kept = { folder: join(store, key), greeting };
      // Somebody else may have saved the same one meanwhile: his is as good.
      if (!existsSync(kept.folder)) renameSync(folder, kept.folder);
      return kept;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Removes the states that nobody used for a week, those beyond the newest few, and what a crash left. */
function expire(store: string): void {
  const states = readdirSync(store)
    .map((name) => ({ name, path: join(store, name), usedMs: statSync(join(store, name)).mtimeMs }))
    .sort((a, b) => b.usedMs - a.usedMs);
  let bytes = 0;
  for (const [index, { name, path, usedMs }] of states.entries()) {
    const days = (Date.now() - usedMs) / 86_400_000;
    bytes += held(path);
    const over = name.startsWith('.') ? days > 0.1 : days > keptDays || index >= keptStates - 1 || bytes > keptBytes;
    if (over) rmSync(path, { recursive: true, force: true });
  }
}

/** The bytes that a state takes on the disk: its memory has holes. */
function held(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).blocks * 512, 0);
}

/** How long a state may take to load: it needs a tenth of a second. */
const loadMs = 15_000;

/** Loads a state into a machine that was started for it, and gives it its own time, entropy and address. */
export async function load({ folder, greeting }: SavedState, vm: Vm): Promise<Link> {
  const signal = AbortSignal.timeout(loadMs);
  const [port, monitor] = await Promise.all([
    vm.port(greeting.window > 0 ? 'serial' : 'agent'),
    vm.port('qmp').then((socket) => qmp(socket, { signal })),
  ]);
  await monitor.execute(
    'migrate-set-capabilities',
    { capabilities: [{ capability: 'x-ignore-shared', state: true }] },
    { signal },
  );
  const link = resume(port, greeting);
  await monitor.execute('migrate-incoming', { uri: `exec:cat ${quote(join(folder, files.devices))}` }, { signal });
  const renewed = link.renew({ nowMs: Date.now(), entropy: randomBytes(64), mac: hardwareAddress() });
  await Promise.race([renewed, once(signal, 'abort').then(() => Promise.reject(signal.reason))]);
  return link;
}

/** A random address below QEMU's own prefix, that of the machines it makes. */
function hardwareAddress(): Uint8Array {
  return Buffer.concat([Buffer.from([0x52, 0x54, 0x00]), randomBytes(3)]);
}

import type { ArchName } from '../../architectures.ts';
import { typeOf } from './header.ts';
import { shown } from './path.ts';
import type { Effect, Rootfs } from './rootfs.ts';
import { machineNames, startOf } from './start-program.ts';

/** Something in an image that a boot will show. */
export interface Warning {
  /** Those that end a boot have the name of the diagnosis that the boot would get. */
  readonly name: string;
  /** An error ends the boot; a warning loses something; a note is only for who takes the image elsewhere. */
  readonly level: 'error' | 'warning' | 'note';
  /** The rest of a sentence that begins with the archive's name. */
  readonly text: string;
}

const most = 10;

/** Gathers what is wrong with an image's entries as they are read; no more than a few of each kind. Pure. */
export class Warnings {
  private readonly all: Warning[] = [];
  private readonly counts = new Map<string, number>();

  /** One entry, and what the kernel does with it. */
  entry(path: string, { does, lost }: Effect): void {
    if (lost !== undefined) this.put(lost, 'warning', `loses ${shown(path)}: the kernel ${does()}`);
    if (path.startsWith('/'))
      this.put('path-absolute', 'note', `has the absolute path ${shown(path)}: the kernel takes it from its root`);
    if (path.split('/').includes('..'))
      this.put('path-above', 'note', `has the path ${shown(path)}: the kernel follows its "..", and stops at its root`);
  }

  /** Bytes at the end that are no archive. */
  rest(offset: number): void {
    this.put(
      'initramfs-format-unknown',
      'warning',
      `has bytes at offset ${offset} that are no archive: the kernel complains, and goes on with what it has`,
    );
  }

  /**
   * All, with what can be said when the whole image is known; without it where some could not be unpacked. `guest` is what the kernel is
   * for that is to start it, where one is at hand.
   */
  with(rootfs: Rootfs | undefined, guest?: ArchName): Warning[] {
    const counted = [...this.counts].filter(([, count]) => count > most);
    const more = counted.map(([name, count]): Warning => {
      const level = this.all.find((one) => one.name === name)?.level ?? 'note';
      return { name, level, text: `has ${count - most} more of these` };
    });
    return [...(rootfs === undefined ? [] : wholeWarnings(rootfs, guest)), ...this.all, ...more];
  }

  private put(name: string, level: Warning['level'], text: string): void {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (count <= most) this.all.push({ name, level, text });
  }
}

/** What is about the file system as a whole. A kernel has a console of its own, unless the image puts something in its place. */
function wholeWarnings(rootfs: Rootfs, guest: ArchName | undefined): Warning[] {
  const found: Warning[] = [];
  const { fault, name, machine } = startOf(rootfs.nodes, '/init');
  if (fault !== undefined && name !== undefined) found.push({ name, level: 'error', text: fault });
  if (machine !== undefined && guest !== undefined && machine !== machineNames[guest]) {
    const text = `has an /init that is a program for ${machine}, and the kernel at hand is for ${machineNames[guest]}`;
    found.push({ name: 'init-wrong-format', level: 'error', text });
  }
  const console = rootfs.find('dev/console');
  const type = console === undefined ? undefined : typeOf(console.mode);
  if (type === undefined || type === 'directory' || type === 'socket') {
    const text = 'has no /dev/console that can be opened: what the first process says is lost, and a shell ends at once';
    found.push({ name: 'init-without-console', level: 'warning', text });
  } else if (type !== 'character' || console?.device?.major !== 5 || console.device.minor !== 1) {
    const text = 'has a /dev/console that is not the device 5:1: what the first process says goes there';
    found.push({ name: 'console-elsewhere', level: 'note', text });
  }
  return found;
}

import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** One process, named so that no later one can be taken for it. */
export interface Holder {
  readonly pid: number;
  /** When it started, in clock ticks since the boot: a pid is used again, a pid with its start is not. */
  readonly start: string;
  readonly boot: string;
  /** The pid namespace in which the pid counts, such as `pid:[4026531836]`. */
  readonly namespace: string;
  /** /etc/machine-id, empty where there is none: the file may lie on a disk that several machines share. */
  readonly machine: string;
}

/** What is known of a process: `foreign` when its pid means nothing here (another container, another machine). */
export type Life = 'alive' | 'dead' | 'foreign';

let me: Holder | undefined;

/** This process. @see proc_pid_stat(5), random(4), machine-id(5) */
export function self(): Holder {
  me ??= {
    pid: process.pid,
    start: fields(readFileSync('/proc/self/stat', 'utf8')).start,
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    namespace: readlinkSync('/proc/self/ns/pid'),
    machine: machineId(),
  };
  return me;
}

/** Whether a process still runs; a zombie has ended, though its pid is still taken. */
export async function life(holder: Holder): Promise<Life> {
  const here = self();
  if (holder.machine !== here.machine) return 'foreign';
  if (holder.boot !== here.boot) return 'dead';
  if (holder.namespace !== here.namespace) return 'foreign';
  return (await running(holder.pid, holder.start)) ? 'alive' : 'dead';
}

/** True when the process of this pid runs and started at that tick, as this pid namespace sees it. */
export async function running(pid: number, start: string): Promise<boolean> {
  try {
    const found = fields(await readFile(`/proc/${pid}/stat`, 'utf8'));
    return found.start === start && found.state !== 'Z' && found.state !== 'X';
  } catch {
    return hidden(pid);
  }
}

/** /proc mounted with hidepid shows no process of another user; kill(2) still tells that there is one. */
function hidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function fields(stat: string): { state: string; start: string } {
  // The second field is the program's name in brackets, which may hold blanks and brackets itself.
  const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: rest[0] ?? 'X', start: rest[19] ?? '' };
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}

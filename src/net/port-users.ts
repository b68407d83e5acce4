import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process that has a tap device open. */
export interface PortUser {
  readonly pid: number;
  /** The first fifteen characters of its name, as the kernel keeps it. */
  readonly program: string;
  readonly user: string;
}

/** By the name of the interface. */
export type PortUsers = Readonly<Record<string, readonly PortUser[]>>;

/**
 * Who has which tap device open, of the processes in this network namespace. Those of other users only root can see.
 *
 * @see proc(5), fdinfo; the line `iff:` is of drivers/net/tun.c
 */
export function portUsers(): PortUsers {
  const own = attempt(() => readlinkSync('/proc/self/ns/net'));
  const found: Record<string, PortUser[]> = {};
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (attempt(() => readlinkSync(`/proc/${pid}/ns/net`)) !== own) continue;
    for (const name of taps(pid)) {
      const program = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? '';
      found[name] = [...(found[name] ?? []), { pid: Number(pid), program, user: owner(pid) }];
    }
  }
  return found;
}

/** The tap devices that a process has open, each once. */
function taps(pid: string): Set<string> {
  const open = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const tuns = open.filter((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`))?.endsWith('/net/tun') === true);
  const texts = tuns.map((fd) => attempt(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')) ?? '');
  return new Set(texts.flatMap((text) => /^iff:\s*(\S+)$/m.exec(text)?.[1] ?? []));
}

/** The name of the user that a process runs as; the number, when it has none here. */
function owner(pid: string): string {
  const uid = String(attempt(() => statSync(`/proc/${pid}`).uid) ?? '');
  const lines = (attempt(() => readFileSync('/etc/passwd', 'utf8')) ?? '').split('\n').map((line) => line.split(':'));
  return lines.find((words) => words[2] === uid)?.[0] ?? uid;
}

/** What a look gives; undefined when the process has ended meanwhile, or is another user's. */
function attempt<One>(look: () => One): One | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

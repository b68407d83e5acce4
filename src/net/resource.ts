import type { Command } from '../command.ts';

/**
 * One thing that `net up` makes: what stands of it, and the calls that make the rest and that remove it. As the host is now:
 * nothing is in `make` that stands already, nothing in `remove` that does not.
 */
export interface Resource {
  /** For people: "bridge vmbr0". */
  readonly name: string;
  readonly make: readonly Command[];
  readonly remove: readonly Command[];
  /** What is wrong with what stands, and what `make` would mend. */
  readonly faults: readonly string[];
  /** What stands of it only root could see. */
  readonly hidden?: boolean;
}

/** How much of a resource stands. */
export function stateOf({ make, remove, faults, hidden }: Resource): 'up' | 'partial' | 'absent' | 'unknown' {
  if (hidden === true) return 'unknown';
  if (make.length === 0 && faults.length === 0) return 'up';
  return remove.length === 0 && (make.length === 0 || faults.length === 0) ? 'absent' : 'partial';
}

/**
 * What makes and mends a resource, gathered: `mend` adds a call for what is not right, and its fault, if it has one, when the
 * resource stands.
 */
export function repairs(stands: boolean) {
  const make: Command[] = [];
  const faults: string[] = [];
  const mend = (right: boolean, fault: string | undefined, command: Command): void => {
    if (right) return;
    make.push(command);
    if (stands && fault !== undefined) faults.push(fault);
  };
  return { make, faults, mend };
}

/** Sets something of an interface. @see ip-link(8) */
export function setLink(name: string, ...words: readonly string[]): Command {
  return root('ip', 'link', 'set', 'dev', name, ...words);
}

/** A call that needs root. */
export function root(file: string, ...args: readonly string[]): Command {
  return { file, args, root: true };
}

/** Sets a kernel setting by its path below /proc/sys; with slashes, for an interface's name may have dots. @see sysctl(8) */
export function sysctl(path: string, value: string): Command {
  return root('sysctl', '-q', '-w', `${path}=${value}`);
}

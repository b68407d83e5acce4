import { EulabError, status } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Child } from './child.ts';

/** A machine of this server, which runs until it is stopped, or the server ends. */
export interface HeldMachine {
  readonly name: string;
  readonly child: Child;
  /** The file that gets all of its console. */
  readonly console: string;
}

/** The machines of this server; those of others are none of its client's business. */
export class Machines {
  private readonly held = new Map<string, HeldMachine>();

  /** Keeps a machine until it ends. */
  keep(machine: HeldMachine): void {
    this.held.set(machine.name, machine);
    void machine.child.ended.then(() => this.held.delete(machine.name));
  }

  names(): string[] {
    return [...this.held.keys()];
  }

  /** @throws EulabError (2) when this server has none of that name. */
  named(name: string): HeldMachine {
    const found = this.held.get(name);
    if (found !== undefined) return found;
    throw new EulabError(`no machine of this server is named ${name}`, {
      hint: didYouMean(name, this.names(), 'start one with machine_start'),
      exitCode: status.usage,
    });
  }
}

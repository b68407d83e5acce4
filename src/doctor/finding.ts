import type { Check } from '../errors.ts';

/** How bad it is: a failure keeps a verb from working at all, a warning an option, or makes it slower. */
export type State = 'ok' | 'warning' | 'failure';

/** What is looked at together. */
export type Group = 'boot' | 'build' | 'network' | 'more';

/** What mends something: one command, fit to paste. */
export interface Remedy {
  readonly command: string;
  /** It takes nothing away, and gives nobody more than programs, drivers, or what distributions have: `--fix` may run it. */
  readonly safe: boolean;
}

/** One line of the doctor's. Fields are added, never renamed. */
export interface Finding {
  readonly name: Check;
  readonly group: Group;
  readonly state: State;
  /** What was seen. */
  readonly found: string;
  /** What does not work because of it; null when all is well. */
  readonly costs: string | null;
  readonly remedy: Remedy | null;
  /** What to do where there is no command for it. */
  readonly hint: string | null;
  readonly tookMs: number;
}

/** The commands that may be run without being looked at twice: what they change is had again without them, or does no harm. */
const safeForms = [
  /^(apt-get update && )?apt-get install -y [a-z0-9][a-z0-9.+-]*( [a-z0-9][a-z0-9.+-]*)*$/,
  /^modprobe [a-z0-9_]+( \|\| modprobe [a-z0-9_]+)*$/,
  /^usermod -aG kvm [A-Za-z0-9_'.$-]+$/,
  /^chmod 666 \/dev\/net\/tun$/,
];

/** Who asks, and what the host has for it. */
export interface Asker {
  /** Their name, as a shell word. */
  readonly user: string;
  readonly root: boolean;
  /** There is apt-get; and lists of packages that it could install from. */
  readonly apt: 'ready' | 'without lists' | 'none';
}

/**
 * A remedy as this user has to type it, and a hint that says more than it; each null where there is none. `command` has sudo where
 * it takes root, and "$USER" for whoever asks. Pure.
 */
export function helpFor(
  command: string | undefined,
  hint: string | undefined,
  { user, root, apt }: Asker,
): Pick<Finding, 'remedy' | 'hint'> {
  if (command === undefined) return { remedy: null, hint: hint ?? null };
  const packages = /^sudo apt-get install -y (.*)$/.exec(command)?.[1];
  if (packages !== undefined && apt === 'none') return { remedy: null, hint: `install what Debian has in: ${packages}` };
  const whole = packages !== undefined && apt === 'without lists' ? `sudo apt-get update && ${command}` : command;
  const named = whole.replaceAll('"$USER"', user);
  const bare = named.replaceAll(/\bsudo /g, '');
  const remedy = { command: root ? bare : named, safe: safeForms.some((form) => form.test(bare)) };
  const said = hint?.includes(command) || packages !== undefined;
  return { remedy, hint: said ? null : (hint ?? null) };
}

/** The worst state among findings; ok for none. Pure. */
export function worst(findings: readonly Finding[]): State {
  const states = findings.map(({ state }) => state);
  return states.includes('failure') ? 'failure' : states.includes('warning') ? 'warning' : 'ok';
}

/** What is found of an engine that is not there, and the beginning of it for one that works. */
export const notInstalled = 'not installed';
export const worksAs = 'runs a RUN: ';

/**
 * The findings as they weigh together: builds happen in an engine or with this machine's own tools, so that each of them may be
 * missing; without any nothing can be built. Pure.
 */
export function weighed(findings: readonly Finding[]): Finding[] {
  const isBad = (name: Check) => findings.some((one) => one.name === name && one.state !== 'ok');
  const works = findings.some(({ found }) => found.startsWith(worksAs));
  const nothing = isBad('podman') && isBad('toolchain') && !works;
  return findings.map((one) => {
    if (works && one.name === 'podman' && one.found === notInstalled) {
      return { ...one, state: 'ok', costs: null, remedy: null, hint: null };
    }
    if (!nothing || (one.name !== 'podman' && one.name !== 'toolchain')) return one;
    return { ...one, state: 'failure', costs: 'nothing can be built: neither a container engine works nor are the tools here' };
  });
}
